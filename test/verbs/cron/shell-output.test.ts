import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { dialectOf, prints, silenced } from '../../../src/verbs/cron/shell-output.ts';

const SILENT = [
  '',
  '# only a comment',
  'a >/dev/null 2>&1',
  'a > /dev/null 2> /dev/null',
  'a 2>&1 >/dev/null 2>/dev/null',
  'a >>/var/log/a.log 2>&1',
  'a >>"$HOME/a.log" 2>&1',
  '>/dev/null 2>&1 a',
  'a >/dev/null 2>&1 # says nothing',
  '(cd /tmp; a; b) >/dev/null 2>&1',
  '{ a && b; } >/dev/null 2>&1',
  '[ -x /bin/a ] && a >/dev/null 2>&1',
  'a 2>/dev/null | b >/dev/null 2>&1',
  'a 2>&1 | logger -t backup',
  'a >/dev/null 2>&1 &',
  'a >/dev/null 2>&1; b >/dev/null 2>&1',
  'a "$(date +%F)" >/dev/null 2>&1',
  'A=b',
  'if a; then b; else c; fi >/dev/null 2>&1',
  'a >&- 2>&-',
];

const MAILING = [
  'a',
  'a >/dev/null',
  'a 2>/dev/null',
  'a 2>&1 >/dev/null',
  'a >/dev/null 2>&1; b',
  'a >/dev/null 2>&1 || b',
  'a | b >/dev/null 2>&1',
  'a &>/dev/null',
  'a >& /dev/null',
  'a >/dev/null 2>&1\r',
  'a >/dev/stderr 2>&1',
  'a >$LOG 2>&1',
  'a "$(b)" >/dev/null 2>&1',
  'a `b` >/dev/null 2>&1',
  'a | logger',
  'a 2>&1 | logger -s',
  'a # >/dev/null 2>&1',
  'a ">/dev/null" "2>&1"',
  'a \\>/dev/null 2\\>\\&1',
  'echo "unbalanced >/dev/null 2>&1',
  'case x in x) a;; esac >/dev/null 2>&1',
  'for i in $(b); do a >/dev/null 2>&1; done',
];

test('a command is silent only where nothing can reach the mail', () => {
  assert.deepEqual(
    SILENT.filter((command) => prints(command, 'sh')),
    [],
  );
  assert.deepEqual(
    MAILING.filter((command) => !prints(command, 'sh')),
    [],
  );
});

test('bash redirects both with &>, and no guess is made about other shells', () => {
  assert.equal(prints('a &>/dev/null', dialectOf('/bin/bash')), false);
  assert.equal(prints('a >& /dev/null', dialectOf('/bin/bash')), false);
  assert.equal(prints('a >/dev/null 2>&1', dialectOf('/usr/bin/fish')), true);
});

test('the redirection goes where it takes in everything and changes nothing else', () => {
  const N = '>/dev/null 2>&1';
  const pairs: readonly (readonly [string, string])[] = [
    ['a b', `a b ${N}`],
    ['a b   ', `a b ${N}   `],
    ['a "x # y" # z', `a "x # y" ${N} # z`],
    ['a x#y', `a x#y ${N}`],
    ['a;', `{ a; } ${N}`],
    ['a; b # c', `{ a; b; } ${N} # c`],
    ['a && b', `{ a && b; } ${N}`],
    ['a || b', `{ a || b; } ${N}`],
    ['a | b', `{ a | b; } ${N}`],
    ['a &', `{ a & } ${N}`],
    ['a & b', `{ a & b; } ${N}`],
    ['a >log', `{ a >log; } ${N}`],
    ['a 2>log', `{ a 2>log; } ${N}`],
    ['a <in', `{ a <in; } ${N}`],
    ['a $(b)', `{ a $(b); } ${N}`],
    ['! a', `{ ! a; } ${N}`],
    ['(a; b)', `{ (a; b); } ${N}`],
    ['A=b c', `A=b c ${N}`],
    ['a \\ ', `a \\  ${N}`],
    ['a; b\\; ', `{ a; b\\;; } ${N} `],
    ['a\r', `a\r ${N}`],
    ['while a; do b; done', `{ while a; do b; done; } ${N}`],
    ['if a; then b; elif c; then d; else e; fi', `{ if a; then b; elif c; then d; else e; fi; } ${N}`],
    ['a >/dev/null 2>&1', 'a >/dev/null 2>&1'],
  ];
  assert.deepEqual(
    pairs.map(([command]) => silenced(command, 'sh')),
    pairs.map(([, text]) => ({ ok: true, text })),
  );
});

test('what is not understood for certain is refused with the reason', () => {
  const reasons: Record<string, string> = {
    "echo it's": 'a single quote is not closed',
    'echo "a': 'a double quote is not closed',
    'echo `a': 'a backtick is not closed',
    'echo $(a': 'an expansion is not closed by )',
    'echo ${a': 'an expansion is not closed by }',
    'cat <<EOF': 'it has a here-document',
    'a \\': 'it ends in a backslash',
    'a && ': 'a command is missing before the end',
    '; a': 'a command is missing before ;',
    'a | | b': 'a command is missing before |',
    '(a; b': ') is missing before the end',
    'a )': ') stands where the shell does not expect it',
    'if a; then b': 'fi is missing before the end',
    'case x in x) a;; esac': 'it has a case statement',
    'case x in x) a; esac': 'it uses case',
    'f() { a; }': '( stands where the shell does not expect it',
    'a >': 'a word is missing',
    'a >& log': 'it has >& with what is no number, which sh refuses',
  };
  assert.deepEqual(
    Object.fromEntries(Object.keys(reasons).map((command) => [command, silenced(command, 'sh')])),
    Object.fromEntries(Object.entries(reasons).map(([command, reason]) => [command, { ok: false, reason }])),
  );
  assert.deepEqual(silenced('a', dialectOf('/bin/tcsh')), {
    ok: false,
    reason: 'its SHELL is not of the Bourne family',
  });
});

const word = fc.constantFrom(
  'a',
  'echo b',
  'printf "%s\\n" x',
  "echo 'q; #'",
  'false',
  'echo $(echo s; echo e >&2)',
  'sh -c "echo o; echo e >&2"',
  'echo x#y',
  '>/dev/null echo z',
  'echo w 2>/dev/null',
  'cat',
  'nosuchprogram',
);
const joint = fc.constantFrom('; ', ' && ', ' || ', ' | ', ' & ');
const line = fc
  .tuple(fc.array(fc.tuple(word, joint), { maxLength: 3 }), word, fc.constantFrom('', ';', ' &', ' # c', '  '))
  .map(([parts, last, end]) => parts.map(([w, j]) => w + j).join('') + last + end);
const wrapped = fc.oneof(
  line,
  line.map((text) => `(${text.replace(/ # c$/, '')})`),
  line.map((text) => `if true; then ${text.replace(/(;| &| # c|\s)*$/, '')}; fi`),
);

/**
 * The real shell is the judge: what is said to be silent is, and so is what was silenced, with the same exit status.
 */
test('a real shell agrees', () => {
  const run = (command: string) => spawnSync('/bin/sh', ['-c', command], { input: 'in\n', encoding: 'utf8' });
  fc.assert(
    fc.property(wrapped, (command) => {
      const plain = run(command);
      if (!prints(command, 'sh')) assert.equal(plain.stdout + plain.stderr, '', `said to be silent: ${command}`);
      const quiet = silenced(command, 'sh');
      if (!quiet.ok) return;
      const result = run(quiet.text);
      assert.equal(result.stdout + result.stderr, '', `${command} became ${quiet.text}`);
      assert.equal(result.status, plain.status, `${command} became ${quiet.text}`);
      assert.equal(prints(quiet.text, 'sh'), false, quiet.text);
      assert.deepEqual(silenced(quiet.text, 'sh'), quiet, 'a second time changes nothing');
    }),
    { numRuns: 60 },
  );
});
