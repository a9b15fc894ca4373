import { OUTCOMES, type OutcomeName } from '../model/outcome.ts';
import type { View } from '../model/ports.ts';
import { apply, elapsed, initialState, type RunState, type StepState } from '../model/state.ts';
import { escaped } from './draw/escape.ts';
import { doneText } from './tell/event.ts';

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

/** One testcase of a suite. */
export interface JunitCase {
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
  const { meta, host, run, verdict } = state;
  const { runbook, tool, mode, drill } = meta ?? {};
  const name = runbook?.name ?? 'firebreak';
  return renderSuite({
    name: `${name} on ${host}`,
    took: elapsed(state),
    at: meta?.at,
    more: { hostname: host },
    cases: [...state.steps.map((step) => caseOf(step, name)), outcomeCase(state.finished, name, 'the run')],
    properties: { run, version: runbook?.version, sha256: runbook?.hash, tool, mode, drill: drill?.scene, verdict },
  });
}

function caseOf(step: StepState, runbook: string): JunitCase {
  const { id, phase, started, ended, why } = step;
  const took = started && ended ? Math.max(0, ended.mono - started.mono) : 0;
  const said = step.kind === 'action' ? doneText(step) : (step.finding?.summary ?? '');
  return {
    name: id,
    group: `${runbook}.${phase}`,
    took,
    result: resultOf(step),
    out: [said, why ?? ''].filter(Boolean),
  };
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

const ACTIONS: Readonly<Record<StepState['status'], Result['kind']>> = {
  done: 'passed',
  acted: 'passed',
  'nothing-to-do': 'passed',
  'by-hand': 'passed',
  failed: 'failure',
  partial: 'failure',
  acting: 'error',
  waiting: 'skipped',
  started: 'skipped',
  asked: 'skipped',
  skipped: 'skipped',
  'not-reached': 'skipped',
};

function actionResult(step: StepState): Result {
  const kind = ACTIONS[step.status];
  return kind === 'passed' ? PASSED : { kind, message: doneText(step) };
}

function watchResult({ watch }: StepState): Result {
  if (watch?.verdict === 'held') return PASSED;
  const reasons = watch?.reasons.join('; ') ?? '';
  return watch?.verdict
    ? { kind: 'failure', message: `${watch.verdict}: ${reasons}` }
    : { kind: 'skipped', message: 'not judged' };
}

interface Finished {
  readonly outcome: OutcomeName;
  readonly exit: number;
  readonly reasons: readonly string[];
}

/** A pipeline must not be green only because every step that was reached is good. */
export function outcomeCase(finished: Finished | null, group: string, what: string): JunitCase {
  const common = { name: 'outcome', group, took: 0 };
  if (finished === null) {
    const message = `${what} did not end by itself`;
    return { ...common, result: { kind: 'error', message }, out: [] };
  }
  const { outcome, exit, reasons } = finished;
  const message = [`${outcome}, exit ${exit}: ${OUTCOMES[outcome].about}`, ...reasons].join('; ');
  return { ...common, result: exit === 0 ? PASSED : { kind: 'failure', message }, out: [message] };
}

// ---------------------------------------------------------------- XML

interface Suite {
  readonly name: string;
  /** Milliseconds. */
  readonly took: number;
  readonly at: string | undefined;
  readonly more?: Readonly<Record<string, string>>;
  readonly cases: readonly JunitCase[];
  readonly properties: Readonly<Record<string, string | null | undefined>>;
}

export function renderSuite({ name, took, at, more, cases, properties }: Suite): string {
  const count = (kind: Result['kind']) => String(cases.filter(({ result }) => result.kind === kind).length);
  const counts = {
    ...{ tests: String(cases.length), failures: count('failure'), errors: count('error'), skipped: count('skipped') },
    time: seconds(took),
  };
  const timestamp = at?.replace(/\.\d+Z$/, '') ?? '1970-01-01T00:00:00';
  const said = Object.entries(properties).flatMap(([key, value]) =>
    value ? [element('property', { name: key, value }, [])] : [],
  );
  const suite = element('testsuite', { name, ...counts, timestamp, ...more }, [
    element('properties', {}, said),
    ...cases.map(renderCase),
  ]);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', { name: 'firebreak', ...counts }, [suite])}`;
}

function renderCase({ name, group, took, result, out }: JunitCase): string {
  const failed = result.kind === 'passed' ? [] : [element(result.kind, { message: result.message }, [])];
  const said = out.length === 0 ? [] : [`<system-out>${out.map(xml).join('\n')}</system-out>`];
  return element('testcase', { name, classname: group, time: seconds(took) }, [...failed, ...said]);
}

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(3);

function element(name: string, attributes: Readonly<Record<string, string>>, inside: readonly string[]): string {
  const given = Object.entries(attributes).map(([key, value]) => ` ${key}="${xml(value)}"`);
  const open = `<${name}${given.join('')}`;
  return inside.length === 0 ? `${open}/>` : `${open}>\n${inside.join('\n').replace(/^/gm, '  ')}\n</${name}>`;
}

/** What XML 1.0 cannot hold at all, even as a reference, is written out first. */
function xml(text: string): string {
  return escaped(text)
    .replace(/[\ufffe\uffff]/g, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
