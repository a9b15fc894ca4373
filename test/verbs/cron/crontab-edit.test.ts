import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CronJob, type CrontabKind, jobsOf, parseCrontab } from '../../../src/verbs/cron/crontab.ts';
import { type CrontabChange, type CrontabEdit, editCrontab } from '../../../src/verbs/cron/crontab-edit.ts';

const NO_MAIL: CrontabChange = { kind: 'set', name: 'MAILTO', value: '' };
const REDIRECT: CrontabChange = { kind: 'redirect' };
const CHANGES: readonly CrontabChange[] = [NO_MAIL, REDIRECT];
const OWNER = 'alice';

function edit(
  text: string,
  change: CrontabChange,
  options: { kind?: CrontabKind; choose?: (job: CronJob) => boolean } = {},
): CrontabEdit {
  const { kind = 'user', choose = (job) => job.mailed } = options;
  const tab = parseCrontab(text, kind);
  const chosen = new Set(
    jobsOf(tab, OWNER)
      .filter(choose)
      .map((job) => job.line),
  );
  return editCrontab(text, tab, OWNER, chosen, change);
}

function mailTo(text: string, kind: CrontabKind = 'user'): readonly (string | null)[] {
  return jobsOf(parseCrontab(text, kind), OWNER).map((job) => (job.prints ? job.mailTo : null));
}

test('MAILTO="" goes directly above the first job, not above the comments of the file', () => {
  assert.equal(
    edit('# my jobs\n\nPATH=/bin\n# every minute\n* * * * * a\n* * * * * b\n', NO_MAIL).text,
    '# my jobs\n\nPATH=/bin\n# every minute\nMAILTO=""\n* * * * * a\n* * * * * b\n',
  );
});

test('it goes again below every later MAILTO that a chosen job is under, and nowhere else', () => {
  const before =
    'MAILTO=ops\n* * * * * a\nMAILTO=""\n* * * * * b\nMAILTO=dev\n# c\n* * * * * c >/dev/null 2>&1\n* * * * * d\nMAILTO=x\n* * * * * e >/dev/null 2>&1\n';
  const after =
    'MAILTO=ops\nMAILTO=""\n* * * * * a\nMAILTO=""\n* * * * * b\nMAILTO=dev\n# c\nMAILTO=""\n* * * * * c >/dev/null 2>&1\n* * * * * d\nMAILTO=x\n* * * * * e >/dev/null 2>&1\n';
  assert.equal(edit(before, NO_MAIL).text, after);
});

test('a crontab that mails nothing stays as it is, byte by byte', () => {
  for (const text of [
    '',
    '# nothing\n',
    'MAILTO=""\n* * * * * a\n',
    '* * * * * a >/dev/null 2>&1\n',
    '\xff\xfe* junk\r\n',
  ]) {
    for (const change of CHANGES) assert.deepEqual(edit(text, change), { text, edits: [], refused: [] });
  }
});

test('a job that was not chosen goes on mailing to whom it mailed', () => {
  const others = (job: CronJob) => job.command !== 'keep';
  assert.equal(
    edit('* * * * * a\n* * * * * keep\n* * * * * b\n', NO_MAIL, { choose: others }).text,
    'MAILTO=""\n* * * * * a\nMAILTO="alice"\n* * * * * keep\nMAILTO=""\n* * * * * b\n',
  );
  assert.equal(
    edit('MAILTO=ops\n* * * * * bob a\n* * * * * bob keep\n', NO_MAIL, { kind: 'system', choose: others }).text,
    'MAILTO=ops\nMAILTO=""\n* * * * * bob a\nMAILTO="ops"\n* * * * * bob keep\n',
  );
  assert.equal(
    edit('* * * * * bob a\n* * * * * bob keep\n* * * * * eve keep\n', NO_MAIL, { kind: 'system', choose: others }).text,
    'MAILTO=""\n* * * * * bob a\nMAILTO="bob"\n* * * * * bob keep\nMAILTO="eve"\n* * * * * eve keep\n',
  );
});

test('each kind of file gets the words that it understands', () => {
  assert.equal(edit('1 5 cron.daily a\n', NO_MAIL, { kind: 'anacron' }).text, 'MAILTO=\n1 5 cron.daily a\n');
  assert.equal(edit('# x\r\n* * * * * a\r\n', NO_MAIL).text, '# x\r\nMAILTO=""\r\n* * * * * a\r\n');
  assert.equal(
    edit('* * * * * a\n', { kind: 'set', name: 'GREETING', value: 'say "hi"' }, { choose: () => true }).text,
    'GREETING="say "hi""\n* * * * * a\n'.replace('"say "hi""', `'say "hi"'`),
  );
  assert.equal(
    edit('* * * * * a\n', { kind: 'set', name: 'NAME', value: 'Zoë' }, { choose: () => true }).text,
    'NAME="Zo\xc3\xab"\n* * * * * a\n',
  );
});

test('a variable that a job which was not chosen would inherit is refused, and nothing is changed', () => {
  const before = '* * * * * a\n* * * * * keep\n';
  assert.deepEqual(edit(before, { kind: 'set', name: 'LANG', value: 'C' }, { choose: (job) => job.command === 'a' }), {
    text: before,
    edits: [],
    refused: [{ line: 2, reason: 'it is not chosen, and LANG cannot be unset again above it' }],
  });
  const odd = edit('* * * * * a\n', { kind: 'set', name: 'X', value: ` "'` }, { choose: () => true });
  assert.deepEqual(odd.refused, [
    { line: 1, reason: `cron has no way to write X with the value ${JSON.stringify(` "'`)}` },
  ]);
});

test('the redirection stands before the input and before the comment, and leaves all else of the line', () => {
  const pairs: readonly (readonly [string, string, CrontabKind?])[] = [
    ['* * * * * cat%one%two', '* * * * * cat >/dev/null 2>&1%one%two'],
    [
      '* * * * * date +\\%F | b # 5\\% off % in # x',
      '* * * * * { date +\\%F | b; } >/dev/null 2>&1 # 5\\% off % in # x',
    ],
    [' \t@daily\t a  "b  c"  ', ' \t@daily\t a  "b  c" >/dev/null 2>&1  '],
    ['@reboot a; b', '@reboot { a; b; } >/dev/null 2>&1'],
    ['*/5 * * * *\troot  a && b', '*/5 * * * *\troot  { a && b; } >/dev/null 2>&1', 'system'],
    ['1 5 cron.daily nice a 50%', '1 5 cron.daily nice a 50% >/dev/null 2>&1', 'anacron'],
    ['* * * * * \xe9cho \xff', '* * * * * \xe9cho \xff >/dev/null 2>&1'],
  ];
  assert.deepEqual(
    pairs.map(([line, , kind]) => edit(`${line}\n`, REDIRECT, kind ? { kind } : {}).text),
    pairs.map(([, line]) => `${line}\n`),
  );
});

test('a refused line stays and says why, the others are done', () => {
  const long = `echo ${'x'.repeat(990)}`;
  const before = `* * * * * echo "a\n* * * * * b\nSHELL=/bin/csh\n* * * * * c\nSHELL=/bin/sh\n* * * * * ${long}\n`;
  assert.deepEqual(edit(before, REDIRECT), {
    text: before.replace('* b\n', '* b >/dev/null 2>&1\n'),
    edits: [{ line: 2, how: 'replace', text: '* * * * * b >/dev/null 2>&1' }],
    refused: [
      { line: 1, reason: 'a double quote is not closed' },
      { line: 4, reason: 'its SHELL is not of the Bourne family' },
      { line: 6, reason: 'its command would be longer than the 998 bytes that cron reads' },
    ],
  });
  assert.deepEqual(edit('1 5 a b \\\n  c\n', REDIRECT, { kind: 'anacron' }).refused, [
    { line: 1, reason: 'it goes on in the next line' },
  ]);
});

const command = fc.constantFrom(
  'a',
  'a; b',
  'a | b',
  'a >/dev/null 2>&1',
  'a # b',
  'cat%in',
  'a &',
  'echo "x',
  'a >log',
  'A=b c',
  'a\r',
);
const userLine = fc.oneof(
  fc.constantFrom(
    '',
    '# note',
    'MAILTO=""',
    'MAILTO=bob',
    "MAILTO = 'x y'",
    '"MAILTO"=z',
    'MAILTO=',
    'SHELL=/bin/bash',
    'SHELL=/bin/fish',
    'PATH=/bin',
    'junk',
    '\xff',
    '\r',
  ),
  fc
    .tuple(fc.constantFrom('* * * * * ', '@daily ', '\t*/5 1 * * mon\t'), command)
    .map(([schedule, text]) => schedule + text),
);
const systemLine = fc.oneof(
  fc.constantFrom('', '# note', 'MAILTO=""', 'MAILTO=root'),
  fc.tuple(fc.constantFrom('root', 'bob'), command).map(([user, text]) => `* * * * * ${user} ${text}`),
);
const anacronLine = fc.oneof(
  fc.constantFrom('', '# note', 'MAILTO=', 'MAILTO=""', 'MAILTO=x'),
  command.map((text) => `1 5 id ${text}`),
);
const files = fc.oneof(
  fc.record({ kind: fc.constant('user' as const), lines: fc.array(userLine, { maxLength: 12 }) }),
  fc.record({ kind: fc.constant('system' as const), lines: fc.array(systemLine, { maxLength: 12 }) }),
  fc.record({ kind: fc.constant('anacron' as const), lines: fc.array(anacronLine, { maxLength: 12 }) }),
);
const ends = fc.constantFrom('\n', '');

test('after MAILTO="" no chosen job mails, every other mails to whom it mailed, and a second time changes nothing', () => {
  fc.assert(
    fc.property(files, ends, fc.nat(), ({ kind, lines }, end, mask) => {
      const text = lines.join('\n') + end;
      const jobs = jobsOf(parseCrontab(text, kind), OWNER);
      const picked = new Set(
        jobs.filter((job, index) => job.mailed && ((mask >> (index % 30)) & 1) === 1).map((job) => job.line),
      );
      const result = editCrontab(text, parseCrontab(text, kind), OWNER, picked, NO_MAIL);
      assert.deepEqual(result.refused, []);
      assert.deepEqual(
        mailTo(result.text, kind),
        jobs.map((job) => (picked.has(job.line) || !job.prints ? null : job.mailTo)),
      );
      assert.equal(withoutInserted(result), text);
      const all = edit(text, NO_MAIL, { kind });
      assert.ok(mailTo(all.text, kind).every((to) => to === null));
      assert.deepEqual(edit(all.text, NO_MAIL, { kind }), { text: all.text, edits: [], refused: [] });
    }),
    { numRuns: 300 },
  );
});

/** The text less the lines that were put in. */
function withoutInserted(result: CrontabEdit): string {
  const lines = result.text.split('\n');
  for (const { line } of result.edits) lines.splice(line - 1, 1);
  return lines.join('\n');
}

test('redirecting touches only lines of chosen jobs, silences what it does not refuse, and a second time changes nothing', () => {
  fc.assert(
    fc.property(files, ends, ({ kind, lines }, end) => {
      const text = lines.join('\n') + end;
      const before = jobsOf(parseCrontab(text, kind), OWNER);
      const result = edit(text, REDIRECT, { kind });
      const refused = result.refused.map(({ line }) => line);
      const after = jobsOf(parseCrontab(result.text, kind), OWNER);
      assert.deepEqual(
        after.filter((job) => job.mailed).map((job) => job.line),
        refused,
      );
      assert.deepEqual(
        after.map(({ schedule, user, input, mailTo }) => ({ schedule, user, input, mailTo })),
        before.map(({ schedule, user, input, mailTo }) => ({ schedule, user, input, mailTo })),
      );
      const touched = new Set(before.filter((job) => job.mailed).map((job) => job.line));
      const [old, now] = [text.split('\n'), result.text.split('\n')];
      assert.equal(now.length, old.length);
      assert.ok(old.every((line, index) => touched.has(index + 1) || line === now[index]));
      assert.deepEqual(edit(result.text, REDIRECT, { kind }).edits, []);
    }),
    { numRuns: 300 },
  );
});
