import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertNoSquare, processorTime } from './support/growth.ts';

const SRC = join(import.meta.dirname, '../src');
/** A regular expression in the text of a program: it stands where a value begins. */
const LITERAL =
  /(?<=(?:[(,=:[!&|?;{}]|=>|return|^)[ \t]*)\/(?![*/])((?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/([dgimsuvy]*)/gm;

/** What others could repeat: one character, or a few that alternate. */
const PIECES = [
  ...'\0 a0/.-_\n\t"\'\\[](){}=:%$*<>,;#@\x1b\u00ff',
  'a ',
  '0.',
  'a\n',
  ' \n',
  'a/',
  'a=',
  'A0',
  'ab ',
  '\\"',
  '%%',
  '1 ',
  '$a',
];
const TAILS = ['', '\x01', '!'];
const LENGTH = 16_000;

const found = globSync('**/*.ts', { cwd: SRC }).flatMap((file) => {
  const text = readFileSync(join(SRC, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  return [...text.matchAll(LITERAL)].flatMap(([, source = '', flags = '']) =>
    compiled(file, source, flags.replace('g', '')),
  );
});

/** Some slashes only look like one: a division, the end of a tag in a template. */
function compiled(file: string, source: string, flags: string) {
  try {
    return [{ file, source, flags, pattern: new RegExp(source, flags) }];
  } catch {
    return [];
  }
}

test('none of our own patterns costs more than the text is long', async () => {
  assert.ok(found.length > 200, `${found.length} found`);
  const plain = (length: number) => /b/.test('a'.repeat(length));
  const floor = await processorTime(() => Array.from({ length: 200 }, () => plain(LENGTH)));
  const slow: string[] = [];
  for (const { file, source, flags, pattern } of found) {
    for (const piece of PIECES) {
      for (const tail of TAILS) {
        const held = (share: number) => pattern.test(piece.repeat((LENGTH * share) / piece.length) + tail);
        try {
          await assertNoSquare('', floor, held);
        } catch {
          slow.push(`${file}: /${source}/${flags} on ${JSON.stringify(piece)} ... ${JSON.stringify(tail)}`);
        }
      }
    }
  }
  assert.deepEqual([...new Map(slow.map((one) => [one.split(' on ')[0], one])).values()], []);
});
