import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { hashOfHead, headLine, seal } from '../../src/journal/line.ts';
import { readJournal } from '../../src/journal/read.ts';
import type { RunEvent } from '../../src/model/event.ts';
import { apply, initialState, stateOf } from '../../src/model/state.ts';
import { anyEvents } from '../support/any-event.ts';

const folder = fs.mkdtempSync(join(tmpdir(), 'firebreak-read-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'journal.ndjson');

function note(seq: number, text = `note ${seq}`): RunEvent {
  return { v: 1, seq, at: '2026-11-23T16:55:04.000Z', mono: seq, run: 'r1', host: 'lab', type: 'note', text };
}

function linesOf(events: readonly RunEvent[]): readonly string[] {
  const lines = [headLine('r1')];
  let hash = hashOfHead(headLine('r1'));
  for (const event of events) {
    const sealed = seal(hash, event);
    hash = sealed.hash;
    lines.push(sealed.line);
  }
  return lines;
}

function bytesOf(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\n`).join(''));
}

function read(bytes: Buffer): ReturnType<typeof readJournal> {
  fs.writeFileSync(file, bytes);
  return readJournal(folder);
}

/**
 * What JSON makes of an event: a lone surrogate in a string becomes U+FFFD in UTF-8 unless it is spelled out, which
 * JSON.stringify does.
 */
const asRead = (events: readonly RunEvent[]): unknown => JSON.parse(JSON.stringify(events));

test('everything written is read back, and a journal that is cut at any byte gives a prefix of its events', () => {
  fc.assert(
    fc.property(anyEvents, fc.double({ min: 0, max: 1, noNaN: true }), (events, share) => {
      const bytes = bytesOf(linesOf(events));
      const whole = read(bytes);
      assert.deepEqual(whole.ok && [whole.events, whole.torn], [asRead(events), null]);
      const cut = read(bytes.subarray(0, Math.floor(share * bytes.length)));
      assert.ok(cut.ok);
      assert.deepEqual(cut.events, (asRead(events) as readonly RunEvent[]).slice(0, cut.events.length));
    }),
    { numRuns: 60 },
  );
});

test('a journal torn at every single byte of its last line loses that line only, and says so', () => {
  const events = [note(1), note(2), note(3, 'ü → x')];
  const bytes = bytesOf(linesOf(events));
  const start = bytesOf(linesOf(events.slice(0, 2))).length;
  for (let end = start + 1; end < bytes.length; end += 1) {
    const torn = read(bytes.subarray(0, end));
    assert.deepEqual(
      torn.ok && [torn.events, torn.torn],
      [events.slice(0, 2), { line: 4, bytes: end - start }],
      `cut at byte ${end}`,
    );
  }
  const whole = read(bytes.subarray(0, start));
  assert.deepEqual(whole.ok && whole.torn, null);
});

test('zeros that a power cut left at the end are a torn tail; zeros with lines after them are damage', () => {
  const lines = linesOf([note(1), note(2)]);
  const tail = Buffer.concat([bytesOf(lines), Buffer.alloc(5000), Buffer.from('"}\n')]);
  const torn = read(tail);
  assert.deepEqual(torn.ok && [torn.events.length, torn.torn], [2, { line: 4, bytes: 5003 }]);
  const middle = read(
    Buffer.concat([bytesOf(lines.slice(0, 2)), Buffer.alloc(20), Buffer.from('\n'), bytesOf(lines.slice(2))]),
  );
  assert.deepEqual(!middle.ok && [middle.code, middle.line, middle.message], [
    'damaged',
    3,
    'line 3 of the journal is not whole, and others follow',
  ]);
});

const tampered: readonly (readonly [
  what: string,
  change: (lines: readonly string[]) => readonly string[],
  line: number,
])[] = [
  ['a changed line', (lines) => lines.with(2, (lines[2] ?? '').replace('note 2', 'note 9')), 3],
  ['a changed last line', (lines) => lines.with(3, (lines[3] ?? '').replace('note 3', 'note 9')), 4],
  ['a removed line', (lines) => lines.toSpliced(2, 1), 3],
  ['a removed first event', (lines) => lines.toSpliced(1, 1), 2],
  ['two lines changed round', (lines) => [lines[0], lines[1], lines[3], lines[2]].map((line) => line ?? ''), 3],
  ['a line said twice', (lines) => lines.toSpliced(2, 0, lines[1] ?? ''), 3],
  ['a changed head', (lines) => lines.with(0, headLine('r2')), 2],
  ['no head', (lines) => lines.slice(1), 1],
  ['a space put in', (lines) => lines.with(1, (lines[1] ?? '').replace('"v":1', '"v": 1')), 2],
];
for (const [what, change, line] of tampered) {
  test(`${what} is refused with its line`, () => {
    const result = read(bytesOf(change(linesOf([note(1), note(2), note(3)]))));
    assert.deepEqual(!result.ok && [result.code, result.line, result.before.length], [
      'damaged',
      line,
      Math.max(0, line - 2),
    ]);
  });
}

test('an event whose number is not the next one is refused, though its chain is whole', () => {
  for (const [events, line, wanted] of [
    [[note(1), note(3)], 3, 2],
    [[note(2)], 2, 1],
    [[note(1), note(2), note(2)], 4, 3],
  ] as const) {
    const result = read(bytesOf(linesOf(events)));
    assert.deepEqual(!result.ok && [result.code, result.message], [
      'damaged',
      `line ${line} of the journal is not event ${wanted}`,
    ]);
  }
});

test('any one changed byte of a whole journal is noticed', () => {
  const bytes = bytesOf(linesOf([note(1), note(2)]));
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    const result = read(changed);
    assert.ok(!result.ok || result.torn !== null, `byte ${at}`);
  }
});

test('a journal of a newer version is refused as such, not as damaged', () => {
  const newer = read(Buffer.from('{"firebreak":"journal","format":2,"run":"r1"}\n'));
  assert.deepEqual(!newer.ok && [newer.code, newer.message], [
    'newer',
    'line 1 of the journal was written by a newer firebreak',
  ]);
});

test('a file that is no journal gives a value, not an exception', () => {
  fs.rmSync(file, { force: true });
  const missing = readJournal(folder);
  assert.deepEqual(!missing.ok && [missing.code, missing.line], ['ENOENT', 0]);
  fs.mkdirSync(file);
  assert.equal(readJournal(folder).ok, false);
  fs.rmdirSync(file);
});

test('folding a cut journal and then the rest gives the same state as folding the whole', () => {
  fc.assert(
    fc.property(anyEvents, fc.double({ min: 0, max: 1, noNaN: true }), (events, share) => {
      const bytes = bytesOf(linesOf(events));
      const cut = read(bytes.subarray(0, Math.floor(share * bytes.length)));
      assert.ok(cut.ok);
      const rest = (asRead(events) as readonly RunEvent[]).slice(cut.events.length);
      assert.deepEqual(
        rest.reduce(apply, cut.events.reduce(apply, initialState)),
        stateOf(asRead(events) as readonly RunEvent[]),
      );
    }),
    { numRuns: 60 },
  );
});
