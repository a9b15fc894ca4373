import { OUTCOMES } from '../model/outcome.ts';
import type { View } from '../model/ports.ts';
import { apply, elapsed, initialState, type RunState, type StepState } from '../model/state.ts';
import { escaped } from './draw/escape.ts';
import { doneText } from './summary.ts';

/**
 * A run as a JUnit report, for pipelines that rehearse runbooks: each step is a testcase, and so is the outcome. One
 * document, written when the run has ended; a run that broke off is a report with an error.
 */
export function junitView({ write }: { readonly write: (text: string) => void }): View {
  let state: RunState = initialState;
  return {
    show: (event) => {
      state = apply(state, event);
    },
    close: () => write(`${renderJunit(state)}\n`),
  };
}

interface Case {
  readonly name: string;
  readonly group: string;
  /** Milliseconds. */
  readonly took: number;
  readonly result: Result;
  readonly out: readonly string[];
}

type Result =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failure' | 'error' | 'skipped'; readonly message: string };
const PASSED: Result = { kind: 'passed' };

export function renderJunit(state: RunState): string {
  const name = state.meta?.runbook.name ?? 'firebreak';
  const cases = [...state.steps.map((step) => caseOf(step, name)), outcomeCase(state, name)];
  const counts = { ...countsOf(cases), time: seconds(elapsed(state)) };
  const suite = element(
    'testsuite',
    { name: `${name} on ${state.host}`, ...counts, timestamp: stampOf(state), hostname: state.host },
    [element('properties', {}, propertiesOf(state)), ...cases.map(renderCase)],
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', { name: 'firebreak', ...counts }, [suite])}`;
}

function caseOf(step: StepState, runbook: string): Case {
  const { id, phase, started, ended, why } = step;
  const took = started && ended ? Math.max(0, ended.mono - started.mono) : 0;
  return {
    name: id,
    group: `${runbook}.${phase}`,
    took,
    result: resultOf(step),
    out: [textOf(step), why ?? ''].filter(Boolean),
  };
}

function textOf(step: StepState): string {
  return step.kind === 'action' ? doneText(step) : (step.finding?.summary ?? '');
}

function resultOf(step: StepState): Result {
  if (step.kind === 'action') return actionResult(step);
  if (step.watch) return watchResult(step);
  if (step.truth === null) return { kind: 'skipped', message: 'not reached' };
  if (step.truth === 'unknown') return { kind: 'error', message: step.finding?.unknown ?? 'it could not be told' };
  const failed = step.judgements
    .filter(({ truth }) => truth !== 'yes')
    .map(({ wanted, seen }) => `wanted ${wanted}, seen ${seen}`);
  return step.truth === 'no' ? { kind: 'failure', message: failed.join('; ') } : PASSED;
}

function actionResult(step: StepState): Result {
  switch (step.status) {
    case 'done':
    case 'acted':
    case 'nothing-to-do':
    case 'by-hand':
      return PASSED;
    case 'failed':
    case 'partial':
      return { kind: 'failure', message: doneText(step) };
    case 'acting':
      return { kind: 'error', message: doneText(step) };
    case 'waiting':
    case 'started':
    case 'asked':
    case 'skipped':
    case 'not-reached':
      return { kind: 'skipped', message: doneText(step) };
  }
}

function watchResult({ watch }: StepState): Result {
  if (watch?.verdict === 'held') return PASSED;
  const reasons = watch?.reasons.join('; ') ?? '';
  return watch?.verdict
    ? { kind: 'failure', message: `${watch.verdict}: ${reasons}` }
    : { kind: 'skipped', message: 'not judged' };
}

/** A pipeline must not be green because every step that was reached is well. */
function outcomeCase(state: RunState, runbook: string): Case {
  const { finished } = state;
  const common = { name: 'outcome', group: runbook, took: 0 };
  if (finished === null)
    return { ...common, result: { kind: 'error', message: 'the run did not end by itself' }, out: [] };
  const message = [
    `${finished.outcome}, exit ${finished.exit}: ${OUTCOMES[finished.outcome].about}`,
    ...finished.reasons,
  ].join('; ');
  return { ...common, result: finished.exit === 0 ? PASSED : { kind: 'failure', message }, out: [message] };
}

function countsOf(cases: readonly Case[]): Readonly<Record<string, string>> {
  const count = (kind: Result['kind']) => String(cases.filter(({ result }) => result.kind === kind).length);
  return { tests: String(cases.length), failures: count('failure'), errors: count('error'), skipped: count('skipped') };
}

function propertiesOf({ run, meta, verdict }: RunState): readonly string[] {
  const { runbook, tool, mode, drill } = meta ?? {};
  const values = { run, version: runbook?.version, sha256: runbook?.hash, tool, mode, drill: drill?.scene, verdict };
  return Object.entries(values).flatMap(([name, value]) => (value ? [element('property', { name, value }, [])] : []));
}

function renderCase({ name, group, took, result, out }: Case): string {
  const failed = result.kind === 'passed' ? [] : [element(result.kind, { message: result.message }, [])];
  const said = out.length === 0 ? [] : [`<system-out>${out.map(xml).join('\n')}</system-out>`];
  return element('testcase', { name, classname: group, time: seconds(took) }, [...failed, ...said]);
}

export const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(3);
const stampOf = ({ meta }: RunState): string => meta?.at.replace(/\.\d+Z$/, '') ?? '1970-01-01T00:00:00';

// ---------------------------------------------------------------- XML

export function element(name: string, attributes: Readonly<Record<string, string>>, inside: readonly string[]): string {
  const given = Object.entries(attributes).map(([key, value]) => ` ${key}="${xml(value)}"`);
  const open = `<${name}${given.join('')}`;
  return inside.length === 0 ? `${open}/>` : `${open}>\n${inside.join('\n').replace(/^/gm, '  ')}\n</${name}>`;
}

/** What XML 1.0 cannot hold at all, even as a reference, is written out first. */
export function xml(text: string): string {
  return escaped(text)
    .replace(/[\ufffe\uffff]/g, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
