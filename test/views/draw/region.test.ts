import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { regionOn } from '../../../src/views/draw/region.ts';
import { emulator } from '../../support/views/screen-emulator.ts';

function stage({ columns = 40, rows = 12 } = {}) {
  const size = { columns, rows, frozen: false };
  const terminal = emulator(columns, rows);
  const written: string[] = [];
  const region = regionOn({
    write: (text) => {
      written.push(text);
      terminal.write(text);
    },
    columns: () => size.columns,
    rows: () => size.rows,
    frozen: () => size.frozen,
  });
  return { region, terminal, written, size };
}

test('a region is drawn over in place, and what is printed stands above it for good', () => {
  const { region, terminal } = stage();
  region.draw(['one', 'two']);
  region.print(['first']);
  region.draw(['one', 'three', 'four']);
  region.print(['second', 'third']);
  region.draw(['last']);
  assert.equal(terminal.text(), 'first\nsecond\nthird\nlast');
  region.clear();
  assert.equal(terminal.text(), 'first\nsecond\nthird');
});

test('whatever is drawn and printed, the screen shows all that was printed and then the region', () => {
  const line = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '日'), maxLength: 19 }).map((text) => text.trimEnd());
  const act = fc.record({ print: fc.boolean(), lines: fc.array(line, { maxLength: 6 }) });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 20 }), (acts) => {
      const { region, terminal } = stage({ columns: 40, rows: 10 });
      const printed: string[] = [];
      let drawn: readonly string[] = [];
      for (const { print, lines } of acts) {
        if (print) {
          printed.push(...lines);
          region.print(lines);
        } else {
          drawn = lines;
          region.draw(lines);
        }
      }
      assert.equal(terminal.text(), [...printed, ...drawn].join('\n').trimEnd());
    }),
  );
});

test('what has not changed is not written again', () => {
  const { region, written } = stage();
  region.draw(['a', 'b', 'c']);
  region.draw(['a', 'b', 'c']);
  assert.equal(written.length, 1);
  region.draw(['a', 'x', 'c']);
  assert.equal(written[1], '\r\x1b[3A\n\x1b[2Kx\n\n\x1b[J');
});

test('it is never higher than the terminal: the last lines are the ones that stay', () => {
  const { region, terminal } = stage({ rows: 6 });
  for (let round = 0; round < 5; round += 1)
    region.draw(Array.from({ length: 9 }, (_, at) => `line ${at} of ${round}`));
  assert.equal(terminal.text(), ['line 5 of 4', 'line 6 of 4', 'line 7 of 4', 'line 8 of 4'].join('\n'));
});

test('a terminal that became narrower has wrapped the lines: as many rows are drawn over', () => {
  const { region, written, size } = stage({ columns: 40 });
  region.draw(['x'.repeat(30), 'short']);
  size.columns = 20;
  region.draw(['y', 'z']);
  assert.equal(written[1], '\r\x1b[3A\x1b[J\x1b[2Ky\n\x1b[2Kz\n\x1b[J');
});

test('a frozen terminal is not drawn on, and gets what it missed once it takes more', () => {
  const { region, terminal, written, size } = stage();
  region.draw(['one']);
  size.frozen = true;
  for (let at = 0; at < 100; at += 1) region.draw([`frame ${at}`]);
  assert.equal(written.length, 1);
  size.frozen = false;
  region.draw(['two']);
  assert.equal(terminal.text(), 'two');
});

test('what somebody else left behind the region, a ^C perhaps, is drawn over', () => {
  const { region, terminal } = stage();
  region.draw(['one', 'two']);
  terminal.write('^C');
  region.draw(['one', 'three']);
  assert.equal(terminal.text(), 'one\nthree');
});
