import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type CrontabKind,
  jobsOf,
  parseCrontab,
  printCrontab,
  splitCommand,
  syntaxProblem,
  withoutHeader,
} from '../../../src/verbs/cron/crontab.ts';

const KINDS: readonly CrontabKind[] = ['user', 'system', 'anacron'];

/** Each line as one word or two: what it is, and what matters of it. */
function shape(text: string, kind: CrontabKind = 'user'): readonly string[] {
  return parseCrontab(text, kind).lines.map((line) => {
    if (line.kind === 'variable') return `${line.name}=<${line.value}>`;
    if (line.kind === 'job') return `${line.schedule} | ${line.user ?? '-'} | ${line.text.slice(line.commandAt)}`;
    return line.kind === 'bad' ? line.reason : line.kind;
  });
}

test('whatever bytes a file holds, it is printed as it was read', () => {
  const bytes = fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)), maxLength: 200 });
  const linelike = fc.string({
    unit: fc.constantFrom(
      '*',
      ' ',
      '\t',
      '\n',
      '\r',
      '=',
      '"',
      "'",
      '%',
      '\\',
      '#',
      '@',
      'a',
      '1',
      '/',
      '-',
      ',',
      '\xff',
    ),
    maxLength: 200,
  });
  fc.assert(
    fc.property(fc.oneof(bytes, linelike), fc.constantFrom(...KINDS), (text, kind) => {
      const tab = parseCrontab(text, kind);
      assert.equal(printCrontab(tab), text);
      jobsOf(tab, 'root');
    }),
  );
});

test("a user's lines are told apart as Debian's cron tells them", () => {
  // Each was given to `crontab -`: what it took is a variable or a job here, what it refused is bad.
  const lines: readonly (readonly [string, string])[] = [
    ['', 'blank'],
    ['  # note', 'comment'],
    ['* * * * * echo hi', '* * * * * | - | echo hi'],
    [' \t*\t*  * * *\t x  y ', '*\t*  * * * | - | x  y '],
    ['@daily\ty', '@daily | - | y'],
    ['@reboot %x', '@reboot | - | %x'],
    ['* * * * *', '* * * * * | - | '],
    ['* * * * * a=b', '* * * * * | - | a=b'],
    ['MAILTO=""', 'MAILTO=<>'],
    ["MAILTO=''", 'MAILTO=<>'],
    ['"MAILTO" = "a" ', 'MAILTO=<a>'],
    [' MAILTO = a b ', 'MAILTO=<a b>'],
    ['x=a"b"', 'x=<a"b">'],
    ['x="a"\t ', 'x=<a>'],
    ['x=" a "', 'x=< a>'],
    ['A==b', 'A=<=b>'],
    ['=x', '=<x>'],
    ['MAILTO=""\r', 'MAILTO=<>'],
    ['MAILTO=root\r', 'MAILTO=<root>'],
    ['MAILTO=', 'bad minute'],
    ['MAILTO= ', 'bad minute'],
    ['FOO="a" b', 'bad minute'],
    ['x="a', 'bad minute'],
    ["x='a", 'bad minute'],
    ['A B=c', 'bad minute'],
    ['"A=b"="c"', 'bad minute'],
    ['MAILTO="root"#c', 'bad minute'],
    ['\r', 'bad minute'],
    ['\f* * * * * x', 'bad minute'],
    ['@dailyx y', 'bad time specifier'],
    ['@reboot', '@reboot | - | '],
    ['@reboot\t\r', '@reboot | - | \r'],
    ['* * * * * * x', 'bad command'],
    ['@daily * x', 'bad command'],
    ['* * * *', 'bad day-of-week'],
  ];
  assert.deepEqual(
    lines.map(([text]) => [text, shape(`${text}\n`).join()]),
    lines,
  );
});

test('a system line names its user, an anacron line its delay and name', () => {
  assert.deepEqual(shape('* * * * * root echo hi\n@daily bob y\n* * * * * root\n-*/5 * * * * root z\n', 'system'), [
    '* * * * * | root | echo hi',
    '@daily | bob | y',
    'bad username',
    'bad minute',
  ]);
  assert.deepEqual(
    shape('MAILTO=""\nMAILTO=\n1 5 cron.daily\tnice run-parts a=b\n@monthly 45 m \\\n  more\nnonsense\n', 'anacron'),
    [
      'MAILTO=<"">',
      'MAILTO=<>',
      '1 5 cron.daily | root | nice run-parts a=b',
      '@monthly 45 m | root | \\',
      'continuation',
      'invalid syntax',
    ],
  );
});

test('mail goes to whom the MAILTO above the line says, else to whom the job runs as', () => {
  const recipients = (text: string, kind: CrontabKind) =>
    jobsOf(parseCrontab(text, kind), kind === 'user' ? 'alice' : 'root').map(({ mailTo }) => mailTo);
  const user =
    '* * * * * a\nMAILTO=bob\n* * * * * b\nMAILTO=""\n* * * * * c\nMAILTO="x@y,z"\n* * * * * d\nmailto=""\n* * * * * e\n';
  assert.deepEqual(recipients(user, 'user'), ['alice', 'bob', null, 'x@y,z', 'x@y,z']);
  assert.deepEqual(recipients('* * * * * carol a\nMAILTO=root\n* * * * * carol b\n', 'system'), ['carol', 'root']);
  assert.deepEqual(recipients('1 5 a x\nMAILTO=\n1 5 b y\n', 'anacron'), ['root', null]);
});

test('the command ends at the first percent sign without a backslash, the rest is its input', () => {
  const jobs = jobsOf(
    parseCrontab('* * * * * date +\\%F \\\\\\% x % in%put\n* * * * * a\n* * * * * b \\\\% c\n', 'user'),
    'root',
  );
  assert.deepEqual(
    jobs.map(({ command, input }) => ({ command, input })),
    [
      { command: 'date +%F \\% x ', input: ' in%put' },
      { command: 'a', input: null },
      { command: 'b \\', input: ' c' },
    ],
  );
  assert.deepEqual(splitCommand('a % b', 'anacron'), { shellPart: 'a % b', input: null });
});

test('a job under SHELL is read as that shell reads it', () => {
  const mailed = (shell: string) =>
    jobsOf(parseCrontab(`SHELL=${shell}\n* * * * * a &>/dev/null\n`, 'user'), 'root').map((job) => job.mailed);
  assert.deepEqual(
    { sh: mailed('/bin/sh'), bash: mailed('/bin/bash'), fish: mailed('/usr/bin/fish') },
    { sh: [true], bash: [false], fish: [true] },
  );
});

test("what makes Debian's cron ignore a whole file is named", () => {
  const problem = (text: string) => syntaxProblem(parseCrontab(text, 'user'));
  assert.equal(problem('* * * * * a\n'), null);
  assert.equal(problem('* * * * * a\nnonsense\n'), 'line 2: bad minute');
  assert.equal(problem('-* * * * * a\n'), 'line 1: bad minute');
  assert.equal(problem('* * * * * a'), 'line 1: missing newline before the end of the file');
  assert.equal(problem(''), null);
});

test("the header of Debian's crontab is left out, other comments are not", () => {
  const header =
    '# DO NOT EDIT THIS FILE - edit the master and reinstall.\n# (- installed on Mon Nov 23 17:18:12 2026)\n# (Cron version -- $Id: crontab.c,v 2.13 $)\n';
  assert.equal(withoutHeader(`${header}# mine\n`), '# mine\n');
  assert.equal(withoutHeader(`${header}${header}x`), `${header}x`);
  assert.equal(withoutHeader('# a\n# (b\n# (c\nx'), '# a\n# (b\n# (c\nx');
});
