import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Fact, RunEvent } from '../../src/model/event.ts';
import { drawTerminal } from '../../src/views/draw/terminal.ts';
import { type Reported, reportOf, tellReport } from '../../src/views/tell/report.ts';
import { anyEvents } from '../support/any-event.ts';
import { applies, DIAGNOSED, HELD, intends, KILL, RUN, STARTED, STOPPED, stamped } from '../support/story.ts';
import { reportJson, reportMarkdown } from '../support/views/drawn.ts';
import { sameAsFixture } from '../support/views/golden.ts';
import { assertMarkdown } from '../support/views/markdown-lines.ts';

const HOME = { path: '/var/lib/firebreak', home: true };

function reported(events: readonly RunEvent[], more: Partial<Reported> = {}): Reported {
  const source = {
    id: RUN,
    folder: `/var/lib/firebreak/runs/${RUN}`,
    place: HOME,
    problem: null,
    damaged: false,
    running: null,
    verified: null,
    events,
  };
  return reportOf({ ...source, ...more });
}

const report = (facts: readonly Fact[], more: Partial<Reported> = {}): string =>
  reportMarkdown(reported(stamped(facts), more));

/** The lines of one `## section`, without it. */
function section(text: string, title: string): readonly string[] {
  const lines = text.split('\n');
  const from = lines.indexOf(`## ${title}`);
  assert.ok(from >= 0, `no section ${title} in\n${text}`);
  const to = lines.findIndex((line, at) => at > from && line.startsWith('## '));
  return lines.slice(from + 1, to < 0 ? undefined : to).filter((line) => line !== '');
}

test('the report of a run that held reads as the fixture does', () => {
  assert.equal(report(HELD), readFileSync(new URL('../fixtures/reports/held.md', import.meta.url), 'utf8'));
});

test('the same report as text, for a terminal of 80 columns', () => {
  sameAsFixture('reports/held.txt', drawTerminal(tellReport(reported(stamped(HELD))), { columns: 80, all: true }));
});

test('a run that died in an action says so first, and what has to be looked at', () => {
  const text = report([...STOPPED, ...intends(KILL)]);
  assert.match(text, /^# cron-mail-storm on lab: unfinished\n/);
  assert.match(text, /\*\*The run did not finish\*\*; the last thing known is kill-mailers: outcome unknown\./);
  assert.deepEqual(section(text, 'Open'), [
    '- [ ] **kill-mailers: its outcome is unknown.** Look at the host before anything is done again.',
    '- [ ] The lease service:cron of 16:55:12 is neither released nor restored: cron starts again by 17:10:12 UTC.',
  ]);
  assert.deepEqual(section(text, 'Rollback notes'), [
    'What was done and how it is undone, newest first:',
    '- kill-mailers (outcome unknown: look first): irreversible, an ended process does not come back. Kept: 3 command lines',
    '- stop-cron: start cron',
  ]);
  assert.ok(section(text, 'Circumstances').includes('| Exit code | none, the run did not finish |'));
});

test('a run that was not this incident says that nothing was changed, and has no verdict', () => {
  const text = report([
    STARTED,
    {
      type: 'diagnosis.made',
      verdict: 'not-this-incident',
      reasons: ['postfix: wanted state is stopped, seen running'],
    },
    { type: 'run.finished', outcome: 'not-this-incident', verdict: null, reasons: [], open: [], missed: [] },
  ]);
  assert.match(
    text,
    /It was \*\*not this incident\*\*: postfix: wanted state is stopped, seen running\. \*\*Nothing was changed\.\*\*\n/,
  );
  assert.doesNotMatch(text, /## (Verdict|Actions|Open)/);
});

test('a rollback is told with what it undid, what it left and why', () => {
  const failed: Fact = {
    type: 'action.applied',
    step: 'kill-mailers',
    applied: { outcome: 'failed', summary: 'could not', reason: 'EPERM', used: { kill: 1 }, blocks: [] },
  };
  const text = report([
    ...STOPPED,
    ...intends(KILL),
    failed,
    { type: 'step.finished', step: 'kill-mailers', outcome: 'failed', reason: 'EPERM' },
    { type: 'rollback.started', why: 'kill-mailers failed: EPERM', steps: ['kill-mailers', 'stop-cron'] },
    { type: 'undo.intended', step: 'stop-cron', say: 'start cron' },
    {
      type: 'undo.applied',
      step: 'stop-cron',
      applied: { outcome: 'done', summary: 'cron runs', used: {}, blocks: [] },
    },
    { type: 'rollback.finished', complete: false, left: ['kill-mailers: cannot be undone'] },
    {
      type: 'run.finished',
      outcome: 'rollback-incomplete',
      verdict: null,
      reasons: ['kill-mailers failed: EPERM'],
      open: [],
      missed: [],
    },
  ]);
  assert.match(text, /It ended failed, rollback incomplete: kill-mailers failed: EPERM\./);
  assert.deepEqual(section(text, 'Rollback notes'), [
    'Rolled back because kill-mailers failed: EPERM: **incomplete**.',
    '- stop-cron: done, cron runs',
    'What was done and how it is undone, newest first:',
    '- kill-mailers (it failed: look first): irreversible, an ended process does not come back. Kept: 3 command lines',
  ]);
  assert.ok(section(text, 'Open').includes('- [ ] Not undone: kill-mailers: cannot be undone'));
});

test('a watch that recurred names the line that broke, once, with its numbers', () => {
  const sample = (count: number | null, left: number): Fact => ({
    type: 'watch.sampled',
    step: 'calm',
    values: { 'mailers count': count },
    broken: count === null || count === 0 ? [] : ['mailers: wanted count at most 0, seen 5'],
    minutes: null,
    left,
  });
  const text = report([
    ...DIAGNOSED,
    sample(0, 9000),
    sample(null, 6000),
    sample(5, 3000),
    sample(5, 0),
    { type: 'watch.judged', step: 'calm', verdict: 'recurred', reasons: ['mailers: wanted count at most 0, seen 5'] },
  ]);
  assert.deepEqual(section(text, 'Verdict'), [
    '**recurred**, by 4 samples.',
    '- mailers: wanted count at most 0, seen 5',
    '| of | series | first | last | lowest | highest |',
    '| --- | --- | --- | --- | --- | --- |',
    '| mailers count | ▁·██ | 0 | 5 | 0 | 5 |',
    '### Before and after',
    '| counter | at diagnosis | at the end |',
    '| --- | --- | --- |',
    '| mailers count | 3 | 5 |',
  ]);
  assert.equal(text.match(/broken: mailers/g)?.length, 1);
});

test('more targets than can be read are counted, not listed', () => {
  const members = Array.from({ length: 42 }, (_, at) => `${400 + at} sendmail`);
  const many = {
    ...KILL,
    observation: { ...KILL.observation, targets: { ...KILL.observation.targets, count: 5000, members } },
  };
  const text = report([...DIAGNOSED, ...intends(many), applies(many)]);
  assert.match(text, /Targets: 5 000 \(processes\)\n\n```text\n400 sendmail\n/);
  assert.match(text, /419 sendmail\n```\n\n… and 4 980 more; see `firebreak report --format json`\./);
});

test('a damaged journal is reported as far as it can be read, with a warning before anything else', () => {
  const text = report(DIAGNOSED, { problem: 'line 7 of the journal does not continue the one before', damaged: true });
  assert.equal(
    text.split('\n')[2],
    '> **The journal is not whole:** line 7 of the journal does not continue the one before. This report tells what can be read.',
  );
  assert.ok(text.includes('**What was changed from there on cannot be told**: look before you go on.'));
  assert.ok(!text.includes('Nothing was changed'));
});

test('a journal that is not at home is named as one that a reboot takes away', () => {
  const text = report(DIAGNOSED, { folder: '/run/firebreak/runs/x', place: { path: '/run/firebreak', home: false } });
  assert.ok(
    section(text, 'Circumstances').includes(
      '| Journal | /run/firebreak/runs/x (not at home: it does not survive a reboot there) |',
    ),
  );
});

test('the JSON holds the row, the timeline and the whole state', () => {
  const { report: version, run, killed, pids, timeline, state } = JSON.parse(reportJson(reported(stamped(HELD))));
  assert.deepEqual(
    [version, run, killed, pids, timeline.length, state.verdict],
    [1, RUN, 3, [412, 413, 414], 12, 'held'],
  );
});

const SECTIONS =
  /^## (Open|Timeline|Verdict|Actions|Findings|Rollback notes|Cron jobs that did not run|Circumstances)$/;
const LINES = [/^$/, SECTIONS, /^### /, /^\| .* \|$/, /^\|( --- \|)+$/, /^- /, /^> /, /^[^#>|`\s-]/];

test('nothing that was seen on a host becomes a heading, a row, a link, a tag or an escape sequence', () => {
  fc.assert(
    fc.property(anyEvents, (events) => {
      assertMarkdown(reportMarkdown(reported(events)), LINES);
      assert.doesNotMatch(reportJson(reported(events)).replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
    }),
  );
});
