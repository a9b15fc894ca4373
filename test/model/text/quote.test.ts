import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { it } from 'node:test';
import fc from 'fast-check';
import { commandLine, quoteWord } from '../../../src/model/text/quote.ts';

it('plain words stay plain, all others are quoted', () => {
  assert.equal(
    commandLine(['kill', '-TERM', '412', '/usr/sbin/cron', '', 'a b', "it's", '$HOME', '*']),
    "kill -TERM 412 /usr/sbin/cron '' 'a b' 'it'\\''s' '$HOME' '*'",
  );
});

it('a shell reads back every word as it was', () => {
  const words = fc.sample(
    fc.string({ unit: 'binary', maxLength: 12 }).filter((word) => !word.includes('\0') && word.isWellFormed()),
    300,
  );
  const printed = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${words.map(quoteWord).join(' ')}`]);
  assert.deepEqual(printed.toString('utf8').split('\0').slice(0, -1), words);
});
