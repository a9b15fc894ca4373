/**
 * The public API: what a program needs to check, plan and run runbooks itself. Everything here is data, ports and
 * functions of the model; what prints or asks is the command line's.
 */

export type { FakeWorld } from './hosts/fake/world.ts';
export { fakeHost } from './hosts/fake.ts';
export { localHost } from './hosts/local.ts';
export { readOnly } from './hosts/read-only.ts';
export { openJournal } from './journal/append.ts';
export { findRuns } from './journal/find.ts';
export { placesFor } from './journal/places.ts';
export { readJournal } from './journal/read.ts';
export { newRunId } from './journal/run-id.ts';
export { loadRunbook } from './load/load.ts';
export { loadPolicy } from './load/policy.ts';
export { bindParams } from './load/runbook/params.ts';
export type { Block } from './model/block.ts';
export type { Condition, Measure, Measures, Truth } from './model/condition.ts';
export type { Fact, RunEvent } from './model/event.ts';
export type * from './model/host.ts';
export type { Json } from './model/json.ts';
export { exitCode, OUTCOMES, type OutcomeName, type Verdict } from './model/outcome.ts';
export type { Plan, PlannedAction, PlannedProbe, PlannedStep, PlannedWatch } from './model/plan.ts';
export type { Mode } from './model/policy/permit.ts';
export type { Decision, PastRun, Policy, PolicyRule, Trigger } from './model/policy.ts';
export type { Ask, Catalogue, Interrupts, Journal, View } from './model/ports.ts';
export type { Checked, Problem } from './model/problem.ts';
export { eventSchema } from './model/run/event-schema.ts';
export type { SavedPlan } from './model/run/saved-plan.ts';
export type { Limits, Parameter, Runbook, Step } from './model/runbook.ts';
export { type RunState, stateOf } from './model/state.ts';
export {
  type ActionVerb,
  type Applied,
  type Clock,
  defineAction,
  defineProbe,
  type Finding,
  type Observation,
  type ProbeVerb,
  type Verb,
} from './model/verb.ts';
export type { RunParts, RunRequest } from './operations/carry-out.ts';
export { plan } from './operations/plan.ts';
export { resume } from './operations/resume.ts';
export { rollBack } from './operations/rollback.ts';
export { run } from './operations/run.ts';
export { folderCatalogue } from './wiring/catalogue.ts';
export { systemClock } from './wiring/clock.ts';
export { manualInterrupts } from './wiring/interrupts.ts';
