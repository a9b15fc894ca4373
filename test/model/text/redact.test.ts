import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { redactor } from '../../../src/model/text/redact.ts';

const bytesOf = (text: string) => Buffer.from(text, 'utf8');
const percent = (text: string, digits: (hex: string) => string) =>
  Array.from(bytesOf(text), (byte) => `%${digits(byte.toString(16).padStart(2, '0'))}`).join('');

/** How a program may write a text of ours into its own output. `before` and `after` share groups of base64 with it. */
const WRITINGS: Readonly<Record<string, (secret: string, before: string, after: string) => string>> = {
  'as it is': (secret, before, after) => before + secret + after,
  'in base64, whole': (secret) => bytesOf(secret).toString('base64'),
  'in base64, somewhere in a longer text': (secret, before, after) =>
    bytesOf(before + secret + after).toString('base64'),
  'in base64 for URLs': (secret, before, after) => bytesOf(before + secret + after).toString('base64url'),
  'in base64 folded at 76': (secret, before, after) =>
    (
      bytesOf(before + secret + after)
        .toString('base64')
        .match(/.{1,76}/g) ?? []
    ).join('\n'),
  'in hexadecimal': (secret, before, after) => bytesOf(before + secret + after).toString('hex'),
  'in HEXADECIMAL': (secret) => bytesOf(secret).toString('hex').toUpperCase(),
  'in hexadecimal by bytes': (secret) => (bytesOf(secret).toString('hex').match(/../g) ?? []).join(':'),
  'in a URL': (secret, before, after) => `https://host/?q=${encodeURIComponent(before + secret + after)}`,
  'in a form': (secret) => new URLSearchParams({ q: secret }).toString(),
  'in a URL with small digits': (secret) => percent(secret, (hex) => hex),
  'in a URL with large digits': (secret) => percent(secret, (hex) => hex.toUpperCase()),
  'in JSON': (secret, before, after) => JSON.stringify({ text: before + secret + after }),
};

/** Well-formed, as every text is that was read as UTF-8. */
const secrets = fc
  .string({ unit: 'grapheme', minLength: 8, maxLength: 120 })
  .filter((text) => text.trim().length >= 8 && text.isWellFormed());
const around = fc.string({ maxLength: 20 });

for (const [how, write] of Object.entries(WRITINGS)) {
  test(`a secret is never in the output ${how}`, () => {
    fc.assert(
      fc.property(secrets, around, around, (secret, before, after) => {
        const redact = redactor([{ name: 'token', value: secret }]);
        const text = write(secret, before, after);
        const { deep } = redact({ deep: [{ list: text, [text]: 1 }] });
        const said = JSON.stringify(deep[0]);
        const own = write(secret, '', '');
        assert.ok(said.includes('‹secret token›'), `${text} -> ${said}`);
        for (const shown of [deep[0]?.list ?? '', ...Object.keys(deep[0] ?? {})]) {
          assert.ok(!shown.includes(secret) && !shown.includes(own), `${text} -> ${shown}`);
          // What is left decodes to nothing that holds it either.
          assert.ok(!Buffer.from(shown.replaceAll(/\s/g, ''), 'base64').includes(bytesOf(secret)));
          assert.ok(!Buffer.from(shown, 'hex').includes(bytesOf(secret)));
        }
      }),
      { numRuns: 100 },
    );
  });
}

test('of a secret of several lines each line is kept out, since output is shown by lines', () => {
  const key = '-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----';
  const redact = redactor([{ name: 'key', value: key }]);
  const lines = redact({ lines: ['debug:', ...key.split('\n').map((line) => `  ${line}`)] });
  assert.deepEqual(lines, { lines: ['debug:', ...key.split('\n').map(() => '  ‹secret key›')] });
  assert.equal(redact(`<${key}>`), '<‹secret key›>');
});

test('the neighbours of a secret in base64, and everything else, stay as they are', () => {
  const redact = redactor([{ name: 'token', value: 'hunter2-hunter2' }]);
  assert.equal(
    redact(Buffer.from('user=ada;pass=hunter2-hunter2;ok=yes').toString('base64')),
    'dXNlcj1hZGE7cGFzcz‹secret token›7b2s9eWVz',
  );
  const other = { n: 1, yes: true, none: null, text: 'hunter2', list: ['a', { b: 'aHVudGVyMg==' }], absent: undefined };
  assert.deepEqual(redact(other), other);
  assert.equal(redactor([])(other), other);
});

test('a secret that looks like a pattern is compared as text', () => {
  const value = '$1.*+?^(){}[]|\\/-';
  assert.equal(redactor([{ name: 'a', value }])(`x${value}y $1 aaaaaaaaaa`), 'x‹secret a›y $1 aaaaaaaaaa');
});

test('a key as long as one may be is found in a text of a megabyte', () => {
  // No two pieces of a real key are alike.
  let state = 1;
  const value = Array.from({ length: 8 * 1024 }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return String.fromCharCode(33 + (state % 90));
  }).join('');
  const redact = redactor([{ name: 'long', value }]);
  const text = `${'log line of a program\n'.repeat(45_000)}${value}`;
  assert.ok(redact(text).endsWith('program\n‹secret long›'));
  assert.match(redact(Buffer.from(`ab${value}c`).toString('base64')), /^YW‹secret long›[A-Za-z]?={0,2}$/);
  // A piece of the raw key may end in the very `%` whose code follows: what is left over is that code, and nothing of
  // the key.
  assert.match(redact(`[${encodeURIComponent(value)}]`), /^\[‹secret long›(?:25‹secret long›)*\]$/);
});
