import fc from 'fast-check';
import type { Block } from '../../src/model/block.ts';
import type { Fact, RunEvent } from '../../src/model/event.ts';
import type { Json } from '../../src/model/json.ts';
import { OUTCOMES, type OutcomeName } from '../../src/model/outcome.ts';
import type { DeclaredUndo } from '../../src/model/run/undo.ts';
import { PHASES } from '../../src/model/runbook.ts';
import type { Applied, Finding, Targets, Undo } from '../../src/model/verb.ts';

/**
 * Any event there can be, sensible order or not; texts hold what hosts hold: newlines, escapes, Markdown, lone
 * surrogates.
 */

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('', '\u001b[2J', 'a\nb', '| x |', '<script>', '](http://x)', '\ud800'),
);
const step = fc.constantFrom('stop-cron', 'kill', 'delete', 'watch', 'unplanned');
const phase = fc.constantFrom(...PHASES);
const count = fc.nat(5000);
const texts = fc.array(text, { maxLength: 3 });
const deadline = fc.record({
  boot: fc.constantFrom('boot', 'other'),
  uptime: fc.nat(1e9),
  at: fc.constant('2026-11-23T03:15:00.000Z'),
});
const json = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;
const verdict = fc.constantFrom('held', 'recurred', 'inconclusive') as fc.Arbitrary<
  'held' | 'recurred' | 'inconclusive'
>;

const block: fc.Arbitrary<Block> = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), lines: texts }),
  fc.record({
    kind: fc.constant('table' as const),
    title: text,
    columns: texts,
    rows: fc.array(texts, { maxLength: 30 }),
  }),
  fc.record({ kind: fc.constant('diff' as const), path: text, before: text, after: text }),
  fc.record({
    kind: fc.constant('series' as const),
    title: text,
    values: fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 5 }),
  }),
);
const blocks = fc.array(block, { maxLength: 2 });

const undo: fc.Arbitrary<Undo> = fc.oneof(
  fc.record({ kind: fc.constant('revert' as const), say: text, data: json }),
  fc.record({ kind: fc.constant('irreversible' as const), because: text, evidence: text }),
  fc.constant({ kind: 'nothing' as const }),
);
const declared: fc.Arbitrary<DeclaredUndo> = fc.oneof(
  fc.record({ kind: fc.constant('note' as const), text }),
  fc.record({
    kind: fc.constant('steps' as const),
    steps: fc.array(fc.record({ verb: text, arg: json, say: text }), { maxLength: 3 }),
  }),
);
const part = fc.integer({ min: 1, max: 3 });
const used = fc.record({ kill: count, delete: count, edit: count }, { requiredKeys: [] });
const applied = fc.record(
  {
    outcome: fc.constantFrom('done', 'partial', 'failed'),
    summary: text,
    used,
    blocks,
    reason: text,
    undo,
    releases: texts,
  },
  { requiredKeys: ['outcome', 'summary', 'used', 'blocks'] },
) as fc.Arbitrary<Applied>;

const targets: fc.Arbitrary<Targets> = fc.record({
  kind: fc.constantFrom('processes', 'files', 'service', 'file', 'command', 'person', 'none'),
  count,
  members: fc.array(text, { maxLength: 30 }),
  detail: json,
});
const measure = fc.oneof(count, text, fc.boolean(), fc.constant(null), fc.record({ value: count, of: count }));
const finding: fc.Arbitrary<Finding> = fc.record({
  summary: text,
  measures: fc.dictionary(fc.constantFrom('count', 'inodes_free', 'state'), measure),
  detail: json,
  blocks,
});
const judgements = fc.array(fc.record({ truth: fc.constantFrom('yes', 'no', 'unknown'), wanted: text, seen: text }), {
  maxLength: 2,
});
const observation = fc.record({
  verdict: fc.constantFrom('change', 'nothing', 'cannot'),
  summary: text,
  targets,
  blocks,
  undo,
  costs: used,
  explain: texts,
  estimate: fc.option(count),
  warnings: texts,
});
const outline = fc.record({
  id: step,
  phase,
  verb: text,
  why: fc.option(text),
  kind: fc.constantFrom('probe', 'action', 'watch'),
});
const time = fc.constantFrom('2026-11-23T16:55', '2026-11-23T16:56');

const anyFact = fc.oneof(
  fc.record({
    type: fc.constant('run.started'),
    runbook: fc.record({ name: text, version: text, title: text, path: text, hash: text }),
    text,
    params: fc.dictionary(text, json, { maxKeys: 3 }),
    limits: used,
    steps: fc.array(outline, { maxLength: 5 }),
    who: text,
    mode: fc.constantFrom('interactive', 'unattended', 'plan'),
    policy: fc.option(fc.record({ path: text, hash: text })),
    tool: text,
    boot: fc.record({ id: text, at: count }),
  }),
  fc.record({
    type: fc.constant('run.resumed'),
    to: fc.constantFrom('finish', 'roll-back'),
    who: text,
    mode: fc.constantFrom('interactive', 'unattended'),
    policy: fc.constant(null),
    tool: text,
    boot: fc.record({ id: text, at: count }),
    hash: text,
  }),
  fc.record({ type: fc.constant('step.started'), step, phase, verb: text }),
  fc.record({
    type: fc.constant('probe.found'),
    step,
    finding,
    truth: fc.constantFrom('yes', 'no', 'unknown', 'informs'),
    judgements,
  }),
  fc.record({
    type: fc.constant('diagnosis.made'),
    verdict: fc.constantFrom('this-incident', 'not-this-incident', 'unknown'),
    reasons: texts,
  }),
  fc.record({
    type: fc.constant('plan.compared'),
    plan: fc.record({ id: text, at: text, by: text }),
    drift: fc.array(
      fc.record({
        step,
        kind: fc.constantFrom('processes', 'files'),
        planned: count,
        now: count,
        new: count,
        gone: count,
      }),
      {
        maxLength: 2,
      },
    ),
  }),
  fc.record({ type: fc.constant('action.observed'), step, observation }),
  fc.record({
    type: fc.constant('policy.decided'),
    step,
    decision: fc.record({ effect: fc.constantFrom('allow', 'ask', 'deny'), reason: text, rule: fc.option(text) }),
  }),
  fc.record({ type: fc.constant('approval.asked'), step, question: text }),
  fc.record({
    type: fc.constant('approval.given'),
    step,
    choice: fc.constantFrom('run', 'skip', 'by-hand', 'undo', 'quit'),
    by: text,
    reason: fc.option(text),
  }),
  fc.record({
    type: fc.constant('action.intended'),
    step,
    verb: text,
    attempt: count,
    targets,
    undo,
    records: fc.dictionary(text, text, { maxKeys: 2 }),
  }),
  fc.record({
    type: fc.constant('action.intended'),
    step,
    verb: text,
    attempt: count,
    targets,
    undo,
    declared,
    records: fc.dictionary(text, text, { maxKeys: 2 }),
  }),
  fc.record({ type: fc.constant('action.progress'), step, progress: fc.record({ done: count, total: count, text }) }),
  fc.record({ type: fc.constant('action.applied'), step, applied }),
  fc.record({
    type: fc.constant('step.finished'),
    step,
    outcome: fc.constantFrom('done', 'nothing-to-do', 'skipped', 'by-hand', 'failed', 'partial', 'not-reached'),
    reason: fc.option(text),
  }),
  fc.record({ type: fc.constant('lease.armed'), step, key: text, within: count, undo: json, say: text }),
  fc.record({
    type: fc.constant('lease.armed'),
    step,
    key: text,
    service: text,
    within: count,
    undo: json,
    say: text,
    handle: json,
    deadline: fc.option(deadline),
  }),
  fc.record({ type: fc.constant('lease.renewed'), key: text, handle: json, deadline }),
  fc.record({ type: fc.constant('lease.released'), key: text, by: text }),
  fc.record({ type: fc.constant('lease.restored'), key: text, ok: fc.boolean(), summary: text }),
  fc.record({
    type: fc.constant('watch.sampled'),
    step,
    values: fc.dictionary(fc.constantFrom('mailers count', 'mail growth', 'x'), fc.option(count)),
    broken: texts,
    minutes: fc.option(count),
    left: count,
  }),
  fc.record({ type: fc.constant('watch.judged'), step, verdict, reasons: texts }),
  fc.record({ type: fc.constant('rollback.started'), why: text, steps: texts }),
  fc.record({ type: fc.constant('undo.intended'), step, say: text }),
  fc.record({ type: fc.constant('undo.applied'), step, applied }),
  fc.record({ type: fc.constant('undo.intended'), step, say: text, part, targets }),
  fc.record({ type: fc.constant('undo.applied'), step, applied, part }),
  fc.record({ type: fc.constant('rollback.finished'), complete: fc.boolean(), left: texts }),
  fc.record({ type: fc.constant('interrupted'), signal: text, doing: text }),
  fc.record({ type: fc.constant('note'), text }),
  fc.record({
    type: fc.constant('run.finished'),
    outcome: fc.constantFrom(...(Object.keys(OUTCOMES) as OutcomeName[])),
    verdict: fc.option(verdict),
    reasons: texts,
    open: texts,
    missed: fc.array(
      fc.record({ file: text, schedule: text, command: text, minutes: fc.array(time, { maxLength: 3 }) }),
      { maxLength: 2 },
    ),
  }),
) as unknown as fc.Arbitrary<Fact>;

/** A numbered, stamped list of events. */
export const anyEvents: fc.Arbitrary<readonly RunEvent[]> = fc
  .array(anyFact, { maxLength: 25 })
  .map((facts) => facts.map((fact, at) => stamp(fact, at)));

function stamp(fact: Fact, at: number): RunEvent {
  const when = new Date(Date.UTC(2026, 10, 23, 16, 55, at)).toISOString();
  return { v: 1, seq: at + 1, at: when, mono: at * 1000, run: 'r1', host: 'lab', ...fact };
}
