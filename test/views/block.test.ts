import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { renderBlock } from '../../src/views/draw/block.ts';
import { fit, fitEnd, width, wrap } from '../../src/views/draw/layout.ts';
import { sparkline } from '../../src/views/draw/sparkline.ts';
import { paperOf } from '../../src/views/draw/style.ts';
import { showNumber } from '../../src/views/number.ts';
import { CRONTAB } from '../support/views/demo-plan.ts';

const at = (columns: number, more = {}) => paperOf({ columns, ...more });
const text = (lines: readonly string[]): string => lines.join('\n');
const jobs = {
  kind: 'table',
  title: 'jobs that mail',
  columns: ['file', 'line', 'schedule', 'mailed to', 'command'],
  rows: [
    ['/var/spool/cron/crontabs/root', '2', '17 3 * * *', 'root', '/usr/local/bin/rotate-nginx --all --verbose'],
    ['/etc/cron.d/agent', '12', '*/5 * * * *', 'ops', '/opt/agent/check'],
  ],
} as const;

test('a table that fits is not touched: numbers to the right, texts to the left', () => {
  assert.equal(
    text(renderBlock(jobs, at(120))),
    `jobs that mail
file                           line  schedule     mailed to  command
/var/spool/cron/crontabs/root     2  17 3 * * *   root       /usr/local/bin/rotate-nginx --all --verbose
/etc/cron.d/agent                12  */5 * * * *  ops        /opt/agent/check`,
  );
});

test('in a narrow table titles break first, then the widest texts give way: paths at their start, texts at their end, numbers never', () => {
  assert.equal(
    text(renderBlock(jobs, at(60))),
    `jobs that mail
file              line  schedule     mailed  command
                                     to
…n/crontabs/root     2  17 3 * * *   root    /usr/local/bin…
…tc/cron.d/agent    12  */5 * * * *  ops     …pt/agent/check`,
  );
});

test('with all, a long cell goes on below itself and nothing is left out', () => {
  assert.equal(
    text(renderBlock(jobs, at(60, { all: true }))),
    `jobs that mail
file              line  schedule     mailed  command
                                     to
/var/spool/cron/     2  17 3 * * *   root    /usr/local/bin/
crontabs/root                                rotate-nginx --
                                             all --verbose
/etc/cron.d/agen    12  */5 * * * *  ops     /opt/agent/chec
t                                            k`,
  );
});

test('a long list shows twenty rows and says how many more there are; all shows all', () => {
  const rows = Array.from({ length: 422 }, (_, row) => [String(row + 1)]);
  const lines = renderBlock({ kind: 'table', title: '', columns: ['pid'], rows }, at(80));
  assert.equal(lines.length, 22);
  assert.equal(lines.at(-2), ' 20');
  assert.equal(lines.at(-1), '… 402 more: --all');
  assert.equal(renderBlock({ kind: 'table', title: '', columns: ['pid'], rows }, at(80, { all: true })).length, 423);
});

test('exactly twenty rows are all of them', () => {
  const rows = Array.from({ length: 20 }, (_, row) => [String(row)]);
  assert.equal(renderBlock({ kind: 'table', title: '', columns: ['n'], rows }, at(80)).length, 21);
});

test('a table without rows says nothing', () => {
  assert.deepEqual(renderBlock({ kind: 'table', title: 'none', columns: ['a'], rows: [] }, at(80)), []);
});

test('a diff is unified, with three lines around the change', () => {
  const before = `${CRONTAB}a\nb\nc\nd\n`;
  const after = before.replace('*/5', '*/9');
  assert.equal(
    text(renderBlock({ kind: 'diff', path: '/etc/crontab', before, after }, at(80))),
    `--- /etc/crontab (now)
+++ /etc/crontab (after)
@@ -1,6 +1,6 @@
 # m h dom mon dow command
 17 3 * * * /usr/local/bin/rotate-nginx
-*/5 * * * * /opt/agent/check --quiet
+*/9 * * * * /opt/agent/check --quiet
 a
 b
 c`,
  );
});

test('a diff shows control characters, and that a last newline is missing', () => {
  const diff = { kind: 'diff', path: '/x', before: 'a\r\n', after: 'a\x1b[2J' } as const;
  assert.equal(
    text(renderBlock(diff, at(80))),
    '--- /x (now)\n+++ /x (after)\n@@ -1,1 +1,1 @@\n-a\\r\n+a\\x1b[2J\n\\ No newline at end of file',
  );
});

test('a diff is red and green where there are colours', () => {
  const lines = renderBlock({ kind: 'diff', path: '/x', before: 'a\n', after: 'b\n' }, at(80, { color: true }));
  assert.deepEqual(lines.slice(3), ['\x1b[31m-a\x1b[39m', '\x1b[32m+b\x1b[39m']);
});

test('a series is drawn between its smallest and its largest, with the numbers beside it', () => {
  assert.equal(
    text(renderBlock({ kind: 'series', title: 'mailers', values: [0, 1, 2, 3, 7, 3, 0] }, at(80))),
    'mailers\n▁▂▃▄█▄▁  first 0, last 0, min 0, max 7',
  );
});

test('a series longer than the line keeps its peaks', () => {
  const values = Array.from({ length: 1000 }, (_, index) => (index === 500 ? 9 : 0));
  const drawn = sparkline(values, 20);
  assert.equal(drawn.length, 20);
  assert.equal(drawn.split('█').length, 2);
});

test('what could not be measured is a gap', () => {
  assert.equal(sparkline([1, null, 2]), '▁·█');
});

test('numbers are shown with their thousands apart', () => {
  assert.deepEqual([0, 3977, -12345, 4.256, Number.NaN].map(showNumber), ['0', '3 977', '-12 345', '4.26', '?']);
});

test('wide and combining characters are measured as a terminal draws them', () => {
  assert.deepEqual(['abc', '日本', 'e\u0301', '🔥', '\x1b[1mx\x1b[22m', '…█✔'].map(width), [3, 4, 1, 2, 1, 3]);
});

test('shortened text never takes more columns than it was given', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 40 }), (any, columns) => {
      const plain = any.replace(/[^\p{L}\p{N}\p{P} ]/gu, '');
      assert.ok(width(fit(plain, columns)) <= columns);
      assert.ok(width(fitEnd(plain, columns)) <= columns);
    }),
  );
});

test('a number is never broken from its thousands or its unit', () => {
  assert.deepEqual(wrap('saw 16 096 996 of 16 777 216 (95.9 %), 12 MiB in 3 min 20 s', 12), [
    'saw',
    '16 096 996',
    'of',
    '16 777 216',
    '(95.9 %),',
    '12 MiB in',
    '3 min 20 s',
  ]);
});

test('wrapped text loses no word and takes no more columns than it was given', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-zé日]{1,30}$/), { maxLength: 20 }),
      fc.integer({ min: 2, max: 60 }),
      (words, columns) => {
        const lines = wrap(words.join(' '), columns);
        assert.ok(lines.every((line) => width(line) <= columns));
        assert.equal(lines.join('').replaceAll(' ', ''), words.join(''));
      },
    ),
  );
});

test('of a sample the first few tell enough, and what is left out is counted', () => {
  const rows = ['a', 'b', 'c', 'd'].map((name) => [name]);
  const sample = { kind: 'table', title: 'a sample of 900 files', columns: ['name'], rows, first: 2 } as const;
  assert.deepEqual(renderBlock(sample, paperOf({ columns: 40 })), [
    'a sample of 900 files',
    'name',
    'a',
    'b',
    '… 2 more: --all',
  ]);
  assert.deepEqual(renderBlock(sample, paperOf({ columns: 40, all: true })).slice(1), ['name', 'a', 'b', 'c', 'd']);
});
