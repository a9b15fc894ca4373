import { findService, isWord, noService } from '../../model/host/service.ts';
import type { ServiceState, ServiceTies } from '../../model/host.ts';
import { isObject, type Json, listOf } from '../../model/json.ts';
import { object, type ServiceName, service } from '../../model/runbook/shape.ts';
import { showDuration } from '../../model/text/quantity.ts';
import {
  type Act,
  type Applied,
  acted,
  cannot,
  change,
  type Look,
  notActed,
  nothingToDo,
  type Observation,
  type Prediction,
  type Targets,
} from '../../model/verb.ts';

export const ofService = (about: string) => object(about, { service: service('The service.') }, ['service']);

/**
 * How long a change may take where its manager has no time-outs of its own, as init scripts have none. Milliseconds.
 */
export const PATIENT = { timeout: 5 * 60_000 } as const;

/** What the journal remembers of a changed service: enough to restore it, and nothing that may be out of date. */
export interface ServiceUndo {
  readonly service: string;
  readonly wanted: 'running' | 'stopped';
  /** What went down with it. */
  readonly also?: readonly string[];
  /** What its start has stopped, and is started once it is stopped again. */
  readonly back?: readonly string[];
}

export const leaseKey = (service: string): string => `service:${service}`;

/** The service that the argument means, or the observation that says why nothing can be done. */
export async function observed(
  look: Look,
  wanted: ServiceName,
  verb: string,
): Promise<{ state: ServiceState } | { cannot: Observation }> {
  const found = await findService(look.host.services, wanted);
  if ('tried' in found) return { cannot: cannot(`${verb} ${found.tried.join(' or ')}`, noService(found.tried)) };
  const { state } = found;
  if (state.state !== 'unknown') return { state };
  return {
    cannot: cannot(
      `${verb} ${state.name}`,
      `the state of ${state.name} cannot be told: ${state.reason ?? 'no reason given'}`,
      {
        targets: serviceTargets(state),
      },
    ),
  };
}

/** `also`: what is stopped or started with it. */
export function serviceTargets(state: ServiceState, also: readonly string[] = []): Targets {
  const detail = {
    service: state.name,
    pid: state.pid,
    manager: state.manager,
    ...(also.length > 0 && { also: [...also] }),
  };
  return { kind: 'service', count: 1 + also.length, members: [state.name, ...also], detail };
}

export const alsoOf = (targets: Targets): readonly string[] =>
  isObject(targets.detail) ? listOf(targets.detail.also).filter((name) => typeof name === 'string') : [];

export interface Ties extends ServiceTies {
  /** For the screen. */
  readonly warnings: readonly string[];
}

const NO_TIES: ServiceTies = {
  needers: [],
  lost: [],
  starters: [],
  endless: [],
  refuses: [],
  rivals: [],
  once: false,
};

/**
 * The services that stop with it, and what would start it again. If this cannot be found out (no process slot), a
 * warning tells so and the act goes on.
 */
export async function tiesOf(look: Look, { name }: ServiceState): Promise<Ties> {
  const found = await look.host.services.ties(name);
  if (found.ok) return { ...found.ties, warnings: [] };
  return { ...NO_TIES, warnings: [`whether others go down with ${name} could not be asked: ${found.message}`] };
}

/** ` and php and web with it, which need it`. */
export function withThem(needers: readonly string[]): string {
  if (needers.length === 0) return '';
  const shown =
    needers.length > 5 ? `${needers.slice(0, 4).join(', ')} and ${needers.length - 4} others` : needers.join(' and ');
  return `, and with it ${shown}, which ${needers.length === 1 ? 'needs' : 'need'} it`;
}

/** `, and stop plain, which conflicts with it`. */
export const thenRivals = ({ rivals }: ServiceTies): string =>
  rivals.length === 0
    ? ''
    : `, and stop ${rivals.join(' and ')}, which ${rivals.length === 1 ? 'conflicts' : 'conflict'} with it`;

/** Its unit lets nobody do that by name. */
export const refusedByName = (verb: string, { name }: ServiceState): string =>
  `the unit of ${name} refuses every ${verb} by name (${verb === 'start' ? 'RefuseManualStart' : 'RefuseManualStop'}=yes): ${verb} who needs it instead`;

/** Why what is stopped cannot be started again, and what to type first; null: it can. */
export function noWayBack(state: ServiceState, { lost, refuses }: ServiceTies): string | null {
  const { name, masked, removed } = state;
  if (refuses.includes('start')) return `once stopped it could not be started: ${refusedByName('start', state)}`;
  if (masked) return `${name} is masked, so nothing could start it again: systemctl unmask ${name}`;
  if (removed)
    return `the unit file of ${name} is gone, so nothing could start it again: put it back, then systemctl daemon-reload`;
  return lost.length === 0 ? null : `${lost.join(' and ')} would go down with ${name}, and could not be started again`;
}

export const limitless = (
  verb: 'start' | 'stop',
  { name }: ServiceState,
  { endless }: ServiceTies,
): readonly string[] =>
  endless.includes(verb)
    ? [`the unit of ${name} sets no limit to how long a ${verb} may take: it is waited for 10 min at the most`]
    : [];

export const serviceOf = (targets: Targets): string => (isObject(targets.detail) ? String(targets.detail.service) : '');

export function predicted(
  name: string,
  state: 'running' | 'stopped',
  also: readonly string[] = [],
): readonly Prediction[] {
  const own: Prediction = {
    kind: 'service',
    name,
    state,
    ...(state === 'stopped' && also.length > 0 && { takes: also }),
  };
  return [own, ...also.map((other): Prediction => ({ kind: 'service', name: other, state }))];
}

/** `running, pid 412, for 3 d 4 h`. */
export function shownState(state: ServiceState, now: number): string {
  const since = state.since === null ? null : `for ${showDuration(Math.max(0, now - state.since))}`;
  return [state.state, state.pid === null ? null : `pid ${state.pid}`, since]
    .filter((part) => part !== null)
    .join(', ');
}

/**
 * Said in the plan, where a person can still do something about it; the act would fail with the manager's own words.
 */
export async function rootWarning(look: Look, state: ServiceState): Promise<readonly string[]> {
  const { uid, user } = await look.host.machine.facts();
  return uid === 0 || state.manager === 'script' ? [] : [`needs root to change ${state.name}; this is ${user}`];
}

/** What one start, stop or restart takes of a run's limits. */
export const CHANGES = { services: 1 } as const;

/** What every change of a service shows and costs; the verb says the rest. */
export async function serviceChange(
  look: Look,
  {
    state,
    ties,
    verb,
    also,
  }: { state: ServiceState; ties: Ties; verb: 'start' | 'stop' | 'restart'; also: readonly string[] },
  { summary, undo, estimate }: { summary: string; undo: Observation['undo']; estimate: number },
): Promise<Observation> {
  const ends = verb === 'stop' ? 'stop' : 'start';
  const after = verb === 'stop' || ties.once ? 'stopped' : 'running';
  const rivals = verb === 'stop' ? [] : ties.rivals;
  return change(`${summary}${verb === 'stop' ? '' : thenRivals(ties)}`, {
    targets: serviceTargets(state, also),
    state: { now: shownState(state, look.clock.now()), after },
    undo,
    predicts: [...predicted(state.name, after, also), ...rivals.flatMap((rival) => predicted(rival, 'stopped'))],
    costs: CHANGES,
    explain: [await look.host.services.explain(state.name, verb)],
    estimate,
    warnings: [
      ...(await rootWarning(look, state)),
      ...limitless(ends, state, ties),
      ...(verb === 'start' ? [] : ties.warnings),
    ],
  });
}

/** The host is as wanted already. */
export const asItIs = (look: Look, state: ServiceState, word: string): Observation => {
  const now = shownState(state, look.clock.now());
  return nothingToDo(`${state.name} is ${word} already`, {
    targets: serviceTargets(state),
    state: { now, after: now },
  });
};

/** A start or a restart: it runs in the end, with what went down with it. */
export const bringUp =
  (verb: 'start' | 'restart') =>
  async (act: Act, _arg: unknown, { targets }: Observation): Promise<Applied> => {
    const [name, also] = [serviceOf(targets), alsoOf(targets)];
    const before = verb === 'restart' ? (await act.host.services.state(name)).pid : null;
    const result = await act.host.services[verb](name, { ...PATIENT, also });
    if (!result.ok) return notActed(`${verb} ${name}`, result.message);
    if (result.state.once)
      return acted(`${name} has run, and did not fail`, { used: CHANGES, releases: [leaseKey(name)] });
    const instead = before === null ? '' : ` in place of pid ${before}`;
    return acted(`${name} is ${shownState(result.state, act.clock.now())}${instead}${startedAgain(also)}`, {
      used: CHANGES,
      releases: [leaseKey(name)],
    });
  };

/**
 * Brings a service back to where it was, with what went down with it. Does nothing where somebody has done so already.
 */
export async function restore(act: Act, data: Json): Promise<Applied> {
  const undo = readUndo(data);
  if (undo === null) return notActed('undo', 'the journal does not say which service');
  const { service, wanted, also = [], back = [] } = undo;
  const before = await act.host.services.state(service);
  const releases = wanted === 'running' ? { releases: [leaseKey(service)] } : {};
  if (isWord(before, wanted) && (wanted === 'stopped' || (await areUp(act, also))) && (await areUp(act, back)))
    return acted(`${service} is ${wanted} already`, releases);
  const verb = wanted === 'running' ? 'start' : 'stop';
  const result = await act.host.services[verb](service, { ...PATIENT, ...(wanted === 'running' && { also }) });
  if (!result.ok) return notActed(`${verb} ${service}`, result.message);
  for (const rival of back) {
    const started = await act.host.services.start(rival, PATIENT);
    if (!started.ok) return notActed(`start ${rival}, which the start of ${service} had stopped`, started.message);
  }
  return acted(
    `${service} is ${shownState(result.state, act.clock.now())} again${startedAgain([...also, ...back])}`,
    releases,
  );
}

export const startedAgain = (also: readonly string[]): string =>
  also.length === 0 ? '' : `, and with it ${also.join(' and ')}`;

export async function areUp({ host }: Pick<Look, 'host'>, names: readonly string[]): Promise<boolean> {
  for (const name of names) if (!isWord(await host.services.state(name), 'running')) return false;
  return true;
}

function readUndo(data: Json): ServiceUndo | null {
  if (!isObject(data) || typeof data.service !== 'string') return null;
  const [also, back] = [data.also, data.back].map((names) => listOf(names).filter((name) => typeof name === 'string'));
  return data.wanted === 'running' || data.wanted === 'stopped'
    ? { service: data.service, wanted: data.wanted, ...(also && { also }), ...(back && { back }) }
    : null;
}
