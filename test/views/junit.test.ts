import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Fact } from '../../src/model/event.ts';
import { stateOf } from '../../src/model/state.ts';
import { junitView, renderJunit } from '../../src/views/junit.ts';
import { anyEvents } from '../support/any-event.ts';
import { setStage } from '../support/stage.ts';
import { stamped } from '../support/story.ts';
import { wellFormed } from '../support/views/xml.ts';

const started = (steps: Extract<Fact, { type: 'run.started' }>['steps']): Fact => ({
  type: 'run.started',
  runbook: { name: 'paint', version: '1.0.0', title: 'the colour', path: '/paint.yaml', hash: 'h' },
  text: '',
  params: {},
  limits: {},
  steps,
  who: 'ci',
  mode: 'unattended',
  policy: null,
  tool: '0.1.0',
  boot: { id: 'b', at: 0 },
});
const step = (id: string, phase: 'diagnose' | 'act' | 'verify', kind: 'probe' | 'action' | 'watch') =>
  ({ id, phase, verb: 'do', why: phase === 'act' ? 'red is wrong & <bad>' : null, kind }) as const;

const STORY: readonly Fact[] = [
  started([
    step('red', 'diagnose', 'probe'),
    step('paint', 'act', 'action'),
    step('clean', 'act', 'action'),
    step('calm', 'verify', 'watch'),
  ]),
  { type: 'step.started', step: 'red', phase: 'diagnose', verb: 'text' },
  {
    type: 'probe.found',
    step: 'red',
    finding: { summary: '1 line', measures: {}, detail: null, blocks: [] },
    truth: 'yes',
    judgements: [],
  },
  { type: 'step.started', step: 'paint', phase: 'act', verb: 'edit' },
  { type: 'step.finished', step: 'paint', outcome: 'failed', reason: 'no "space"\u0007 left' },
  {
    type: 'run.finished',
    outcome: 'rollback-incomplete',
    verdict: null,
    reasons: ['paint failed'],
    open: [],
    missed: [],
  },
];

test('steps are testcases, and so is the outcome', () => {
  assert.equal(
    renderJunit(stateOf(stamped(STORY, 'run-1'))),
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="firebreak" tests="5" failures="2" errors="0" skipped="2" time="5.000">
  <testsuite name="paint on lab" tests="5" failures="2" errors="0" skipped="2" time="5.000" timestamp="2026-11-23T16:55:04" hostname="lab">
    <properties>
      <property name="run" value="run-1"/>
      <property name="version" value="1.0.0"/>
      <property name="sha256" value="h"/>
      <property name="tool" value="0.1.0"/>
      <property name="mode" value="unattended"/>
    </properties>
    <testcase name="red" classname="paint.diagnose" time="0.000">
      <system-out>1 line</system-out>
    </testcase>
    <testcase name="paint" classname="paint.act" time="1.000">
      <failure message="FAILED: no &quot;space&quot;\\x07 left"/>
      <system-out>FAILED: no &quot;space&quot;\\x07 left
      red is wrong &amp; &lt;bad&gt;</system-out>
    </testcase>
    <testcase name="clean" classname="paint.act" time="0.000">
      <skipped message="not reached"/>
      <system-out>not reached
      red is wrong &amp; &lt;bad&gt;</system-out>
    </testcase>
    <testcase name="calm" classname="paint.verify" time="0.000">
      <skipped message="not reached"/>
    </testcase>
    <testcase name="outcome" classname="paint" time="0.000">
      <failure message="rollback-incomplete, exit 9: failed, rollback incomplete; paint failed"/>
      <system-out>rollback-incomplete, exit 9: failed, rollback incomplete; paint failed</system-out>
    </testcase>
  </testsuite>
</testsuites>`,
  );
});

test('a run that broke off is a report with an error, written all the same', () => {
  let text = '';
  const view = junitView({
    write: (more) => {
      text += more;
    },
  });
  for (const event of stamped(STORY.slice(0, 4), 'run-1')) view.show(event);
  view.close();
  assert.match(text, /<testcase name="outcome" [^>]*>\n\s*<error message="the run did not end by itself"\/>/);
});

test('whatever a host says, the report is well-formed XML', () => {
  fc.assert(
    fc.property(anyEvents, (events) => wellFormed(renderJunit(stateOf(events)))),
    { numRuns: 300 },
  );
});

test('`run --output junit` prints one document, green where it held and red where it did not', async (t) => {
  const stage = setStage(t);
  const argv = ['run', './paint.yaml', '--unattended', '--policy', 'policy.yaml', '--output', 'junit'];
  const held = await stage.firebreak(argv);
  assert.deepEqual([held.exit, wellFormed(held.out), held.err], [0, true, '']);
  assert.match(held.out, /<testsuites name="firebreak" tests="6" failures="0" errors="0" skipped="0" /);
  const elsewhere = await stage.firebreak(argv);
  assert.equal(elsewhere.exit, 2);
  assert.match(elsewhere.out, /<testcase name="red" [^>]*>\n\s*<failure message="wanted .*, seen 0/);
  assert.match(elsewhere.out, /<failure message="not-this-incident, exit 2: /);
  assert.equal((await stage.firebreak(['run', './paint.yaml', '--output', 'junit'])).exit, 64);
});
