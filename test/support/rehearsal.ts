import type { Condition } from '../../src/model/condition.ts';
import type { Fact, RunEvent } from '../../src/model/event.ts';
import type { Host, MachineFacts, Services } from '../../src/model/host.ts';
import type { Json } from '../../src/model/json.ts';
import type { Plan } from '../../src/model/plan.ts';
import type { Policy, PolicyRule, Trigger } from '../../src/model/policy.ts';
import type { Ask, Catalogue, Journal } from '../../src/model/ports.ts';
import { form } from '../../src/model/runbook/shape.ts';
import type { Limits, Runbook, Step } from '../../src/model/runbook.ts';
import { stateOf } from '../../src/model/state.ts';
import {
  type ActionVerb,
  type Clock,
  defineAction,
  defineProbe,
  type Observation,
  type ProbeVerb,
} from '../../src/model/verb.ts';
import type { RunParts, RunRequest } from '../../src/operations/carry-out.ts';
import { rollBack } from '../../src/operations/rollback.ts';
import { run } from '../../src/operations/run.ts';
import { takeUp as goOn } from '../../src/operations/take-up.ts';
import type { Ending } from '../../src/run/running.ts';
import { manualInterrupts } from '../../src/wiring/interrupts.ts';
import { assertEvent } from './event-schema.ts';
import { ruleOf } from './policies.ts';

/**
 * A whole run in memory: verbs that write to `log` what they do, so that a test compares the order of what really
 * happened.
 */
export interface Rehearsal {
  readonly log: string[];
  readonly events: RunEvent[];
  readonly ending: Ending;
  /** What the run was about to do; empty where it was refused. */
  readonly plans: readonly Plan[];
}

export interface Script {
  readonly diagnose?: readonly Partial<Step>[];
  readonly act?: readonly Partial<Step>[];
  readonly verify?: readonly Partial<Step>[];
  readonly open?: Runbook['open'];
  readonly limits?: Limits;
  readonly params?: Readonly<Record<string, Json>>;
  /** Actions by name; each logs `observe x`, `apply x`, `revert x`. */
  readonly actions?: Readonly<Record<string, Partial<ActionVerb>>>;
  readonly probes?: Readonly<Record<string, Partial<Pick<ProbeVerb, 'look' | 'explain' | 'measures'>>>>;
  /** Present: attended. The answers to `approve`, in turn; when they run out: run. */
  readonly answers?: readonly Awaited<ReturnType<Ask['approve']>>[];
  /** Told what undo would do, at each question before an act. */
  readonly asked?: (undoable: readonly string[]) => void;
  readonly undo?: 'undo' | 'leave';
  readonly interrupted?: 'continue' | 'undo' | 'quit';
  /** The answer where a step of `on_fail: ask` failed. */
  readonly failed?: 'continue' | 'undo' | 'quit';
  readonly onFailure?: 'undo' | 'leave';
  /** What else the policy's only rule says. */
  readonly rule?: Partial<PolicyRule>;
  readonly freeze?: Policy['freeze'];
  readonly trigger?: Trigger;
  /** The kill switch. */
  readonly stop?: RunParts['stop'];
  readonly journal?: Partial<Journal>;
  readonly interrupts?: ReturnType<typeof manualInterrupts>;
  readonly clock?: Clock;
  /** In place of leases that are only remembered, and logged as `arm cron 60000` and `release cron`. */
  readonly services?: Partial<Services>;
}

export const clause = (measure: string, comparator: object, step?: string): Condition => ({
  kind: 'clause',
  clause: { measure, comparator, ...(step !== undefined && { step }) },
});

export async function rehearse(script: Script): Promise<Rehearsal> {
  const stage = setStage(script);
  const ending = await run(stage.request, stage.parts);
  return { ...stage, ending };
}

/** The same run goes on from the events that an earlier life has left. */
export async function takeUp(script: Script, earlier: readonly RunEvent[]): Promise<Rehearsal> {
  const stage = setStage(script);
  const ending = await goOn(stage.request, stage.parts, { state: stateOf(earlier), events: earlier });
  return { ...stage, ending };
}

export async function undoAll(
  script: Script,
  earlier: readonly RunEvent[],
  to: string | null = null,
): Promise<Rehearsal> {
  const stage = setStage(script);
  const ending = await rollBack(
    stage.request,
    stage.parts,
    stateOf(earlier),
    to === null ? null : { step: to, alone: false },
  );
  return { ...stage, ending };
}

function setStage(script: Script): {
  readonly log: string[];
  readonly events: RunEvent[];
  readonly plans: Plan[];
  readonly request: RunRequest;
  readonly parts: RunParts;
} {
  const log: string[] = [];
  const events: RunEvent[] = [];
  const plans: Plan[] = [];
  const clock = script.clock ?? quickClock();
  const host = stubHost({ log, clock, given: script.services ?? {} });
  const request: RunRequest = {
    runbook: runbookOf(script),
    params: script.params ?? {},
    mode: script.answers
      ? { kind: 'attended' }
      : { kind: 'unattended', policy: policyFor(script), trigger: script.trigger ?? NOBODY },
    raised: {},
    who: 'tester',
    tool: 'test',
  };
  const parts: RunParts = {
    host,
    readOnlyHost: host,
    catalogue: catalogueOf(script, log),
    clock,
    journal: memoryJournal({ log, events, given: script.journal ?? {} }),
    views: [],
    interrupts: script.interrupts ?? manualInterrupts(),
    ask: script.answers ? scriptedAsk(script, log) : null,
    planned: (plan) => void plans.push(plan),
    ...(script.stop && { stop: script.stop }),
  };
  return { log, events, plans, request, parts };
}

/** Time that passes as soon as somebody sleeps. */
export function quickClock(start = 1_000_000): Clock {
  let now = start;
  return {
    now: () => now,
    monotonic: () => now,
    sleep: async (milliseconds, signal) => {
      await new Promise((next) => setImmediate(next));
      // A deadline far away does not make time pass for the others; only what the run itself waits for does.
      if (milliseconds > 3_600_000 || signal?.aborted)
        return new Promise((wake) => signal?.addEventListener('abort', () => wake()));
      now += milliseconds;
    },
  };
}

function runbookOf(script: Script): Runbook {
  const place = { file: 'test.yaml', line: 1, column: 1, length: 1 };
  const steps = (phase: Step['phase'], parts: readonly Partial<Step>[] = []): readonly Step[] =>
    parts.map((part, at) => ({
      id: `${phase}-${at + 1}`,
      phase,
      verb: 'look',
      arg: {},
      decisive: true,
      ask: true,
      onFail: 'stop',
      place,
      ...part,
    }));
  return {
    name: 'test',
    version: '1.0.0',
    title: 'a test',
    about: '',
    params: [],
    limits: script.limits ?? {},
    diagnose: steps('diagnose', script.diagnose),
    act: steps('act', script.act),
    verify: steps('verify', script.verify),
    open: script.open ?? [],
    source: { path: 'test.yaml', hash: 'hash', text: '' },
  };
}

const policyFor = ({ onFailure = 'undo', rule, freeze = [] }: Script): Policy => ({
  rules: [ruleOf({ id: 'rule-1', runbook: 'test', onFailure, ...rule })],
  freeze,
  source: { path: 'policy.yaml', hash: 'hash' },
});

const NOBODY: Trigger = { who: 'tester', zone: 'UTC', past: [] };

/** An observation that changes something called `what`. */
export function change(what: string, more: Partial<Observation> = {}): Observation {
  return {
    verdict: 'change',
    summary: `change ${what}`,
    targets: { kind: 'none', count: 1, members: [what], detail: what },
    blocks: [],
    undo: { kind: 'revert', say: `change ${what} back`, data: what },
    predicts: [],
    costs: {},
    keep: {},
    explain: [],
    estimate: 0,
    warnings: [],
    ...more,
  };
}

function catalogueOf(script: Script, log: string[]): Catalogue {
  const described = { summary: '', about: '', schema: form<Json>({}), example: {}, needs: [] };
  const probe = (name: string): ProbeVerb =>
    defineProbe({
      ...described,
      measures: { count: { about: '', unit: 'count' } },
      look: async () => {
        log.push(`look ${name}`);
        return { summary: '1', measures: { count: 1 }, detail: { found: name }, blocks: [] };
      },
      explain: () => [],
      ...script.probes?.[name],
    });
  const action = (name: string): ActionVerb => {
    const given = script.actions?.[name];
    return defineAction({
      ...described,
      idempotent: given?.idempotent ?? true,
      ...(given?.reserves && { reserves: given.reserves }),
      observe: given?.observe ?? (async () => change(name)),
      apply: async (...args) => {
        log.push(`apply ${name}`);
        return given?.apply ? given.apply(...args) : { outcome: 'done', summary: '', used: {}, blocks: [] };
      },
      revert: async (...args) => {
        log.push(`revert ${name}`);
        return given?.revert ? given.revert(...args) : { outcome: 'done', summary: '', used: {}, blocks: [] };
      },
    });
  };
  return {
    probes: ['look', ...Object.keys(script.probes ?? {})],
    actions: ['change', ...Object.keys(script.actions ?? {})],
    probe: async (name) => probe(name),
    action: async (name) => action(name),
  };
}

function memoryJournal({
  log,
  events,
  given,
}: {
  readonly log: string[];
  readonly events: RunEvent[];
  readonly given: Partial<Journal>;
}): Journal {
  const noisy: readonly Fact['type'][] = [
    'action.intended',
    'lease.armed',
    'lease.renewed',
    'lease.released',
    'lease.restored',
    'run.finished',
  ];
  return {
    run: 'run-1',
    folder: '/nowhere',
    keep: async (bytes) => `kept-${bytes}`,
    recall: async (name) => name,
    close: async () => {},
    ...given,
    append: async (event: RunEvent, options) => {
      assertEvent(event);
      await given.append?.(event, options);
      events.push(event);
      if (noisy.includes(event.type)) log.push(`journal ${event.type}`);
    },
  };
}

function scriptedAsk(script: Script, log: string[]): Ask {
  const answers = [...(script.answers ?? [])];
  return {
    approve: async ({ step, undoable }) => {
      log.push(`ask ${step.id}`);
      script.asked?.(undoable);
      return answers.shift() ?? { choice: 'run', reason: null };
    },
    undo: async ({ dangerous }) => {
      log.push(dangerous === null ? 'ask undo' : 'ask dangerous undo');
      return script.undo ?? 'leave';
    },
    confirm: async () => ({ done: true, reason: null }),
    failed: async () => {
      log.push('ask failed');
      return script.failed ?? 'quit';
    },
    interrupted: async () => {
      log.push('ask interrupted');
      return script.interrupted ?? 'quit';
    },
  };
}

interface Stub {
  readonly log: string[];
  readonly clock: Clock;
  readonly given: Partial<Services>;
}

function stubHost({ log, clock, given }: Stub): Host {
  const facts: MachineFacts = {
    hostname: 'test',
    bootId: 'boot',
    bootTime: 0,
    uptime: 0,
    uid: 0,
    user: 'root',
    manager: 'sysv',
  };
  const nothing = async (): Promise<never> => {
    throw new Error('the rehearsal has no such host');
  };
  return {
    name: 'test',
    processes: { list: nothing, signal: nothing, alive: nothing, counters: async () => null },
    files: {
      resolve: nothing,
      usage: nothing,
      list: nothing,
      delete: nothing,
      read: nothing,
      writable: nothing,
      replace: nothing,
    },
    services: {
      state: nothing,
      start: nothing,
      stop: nothing,
      restart: nothing,
      ties: nothing,
      explain: nothing,
      ...stubLeases(log),
      ...given,
    },
    commands: { run: nothing, which: nothing },
    machine: { facts: async () => ({ ...facts, uptime: clock.monotonic() }), users: async () => ({}) },
  };
}

/** Leases that are only remembered; two lives of a run may share them. */
export function stubLeases(log: string[]): Pick<Services, 'arm' | 'release' | 'armed'> {
  const held = new Map<string, string>();
  return {
    arm: async ({ id, service, within }) => {
      log.push(`arm ${service} ${Math.round(within)}`);
      held.set(id, service);
      return { ok: true, handle: id };
    },
    release: async (handle) => {
      const service = held.get(String(handle));
      if (service === undefined) return { ok: true, state: 'gone' };
      log.push(`release ${service}`);
      held.delete(String(handle));
      return { ok: true, state: 'released' };
    },
    armed: async (prefix) => ({ ok: true, handles: [...held.keys()].filter((id) => id.startsWith(prefix)) }),
  };
}
