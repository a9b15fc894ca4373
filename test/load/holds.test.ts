import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadRunbook } from '../../src/load/load.ts';
import type { Problem } from '../../src/model/problem.ts';
import { folderCatalogue } from '../../src/wiring/catalogue.ts';
import { brief } from './storm.ts';

const HEAD = `firebreak: 1
runbook: a
version: 1.0.0
title: a
diagnose:
  - {id: hung, processes: {name: sendmail}}
  - {id: mail, files: {in: /var/spool}, expect: {count: {at_least: 1}}}
  - {id: jobs, cron_jobs: {mailed: true}}
`;
const VERIFY = 'verify:\n  - {id: look, disk: {path: /}, expect: {inodes_free: {at_least: 20%}}}\n';
const KILL = 'id: k, kill: {targets: $hung}';
const DELETE = 'id: d, delete: {targets: $mail}';
const EDIT = "id: e, crontab: {jobs: $jobs, set_env: {MAILTO: ''}}";

/** With the verbs as they are. */
async function problemsIn(text: string): Promise<readonly Problem[]> {
  const loaded = await loadRunbook({ path: 'a.yaml', text, catalogue: folderCatalogue(), findUsed: () => 'none' });
  return loaded.ok ? [] : loaded.problems;
}

/** The act phase starts in line 9, its first step in line 10. */
async function act(steps: readonly string[], rest = VERIFY): Promise<readonly string[]> {
  const text = `${HEAD}act:\n${steps.map((step) => `  - {why: w, ${step}}\n`).join('')}${rest}`;
  return (await problemsIn(text)).map(brief);
}

test('an edit may stand between a first delete, which frees an inode, and the delete of the rest', async () => {
  assert.deepEqual(await act([KILL, 'id: a, delete: {targets: $mail, at_most: 1000}', EDIT, DELETE]), []);
});

test('a delete of files of which only a sample was read is a problem, and the message tells what to write', async () => {
  const text = `${HEAD.replace('/var/spool}', "/var/spool, sample_matches: 'Subject: Cron'}")}act:\n  - {why: w, ${DELETE}}\n${VERIFY}`;
  const [problem] = await problemsIn(text);
  assert.equal(problem && brief(problem), '7:40+14 sample-deletes');
  assert.match(problem?.hint ?? '', /^write `holds: \{format: postfix, header: \{subject: 'Cron <'\}\}`/);
  assert.deepEqual((await problemsIn(text.replace(/act:[\s\S]*/, ''))).map(brief), []);
});

test('`holds` takes fields by name, or a text, each with a pattern', async () => {
  const held = async (holds: string) =>
    (await problemsIn(`${HEAD.replace('/var/spool}', `/var/spool, holds: ${holds}}`)}`)).map(brief);
  assert.deepEqual(
    await held(
      "{format: postfix, header: [{subject: '^Cron <(?<owner>[^@]+)@', from: Cron}, {x-y: z}], without: received}",
    ),
    [],
  );
  assert.deepEqual(await held('{text: PANIC}'), []);
  assert.deepEqual(await held('{header: {subject: x}, text: y}'), ['7:40+5 exactly-one']);
  assert.deepEqual(await held("{header: {subject: '('}}"), ['7:66+3 bad-pattern']);
  assert.deepEqual(await held('{header: {}}'), ['7:56+2 missing-value']);
  assert.deepEqual(await held('{format: pdf, text: y}'), ['7:56+3 unknown-word']);
});

test('a line of `hold` counts only if its `when` held, and an open item shows the finding of the step that it names', async () => {
  const verify = (when: string) =>
    `verify:\n  - {id: w, watch: {for: 10m, every: 15s}, hold: [{of: $mail, when: ${when}, growth: 0}]}\n`;
  assert.deepEqual(await act([KILL], verify('{mail: {count: {at_least: 1}}}')), []);
  assert.deepEqual(await act([KILL], verify('{male: {count: {at_least: 1}}}')), ['12:70+4 unknown-reference']);
  assert.deepEqual(await act([KILL], `${VERIFY}open:\n  - {say: s, of: $mail}\n`), []);
  assert.deepEqual(await act([KILL], `${VERIFY}open:\n  - {say: s, of: $male}\n`), ['14:18+5 unknown-reference']);
});
