import { STOP } from '../../model/arguments.ts';
import type { ServiceState } from '../../model/host.ts';
import type { Infer } from '../../model/runbook/shape.ts';
import { showDuration } from '../../model/text/quantity.ts';
import {
  type Act,
  type Applied,
  acted,
  cannot,
  defineAction,
  type Look,
  notActed,
  type Observation,
} from '../../model/verb.ts';
import {
  alsoOf,
  asItIs,
  CHANGES,
  leaseKey,
  noWayBack,
  observed,
  PATIENT,
  refusedByName,
  restore,
  type ServiceUndo,
  serviceChange,
  serviceOf,
  serviceTargets,
  shownState,
  startedAgain,
  type Ties,
  tiesOf,
  withThem,
} from './change.ts';

export default defineAction({
  summary: 'stop a service',
  about:
    'Stops the service through the manager that runs here, and is done when its main process is gone. Where no process slot is left for the ' +
    "manager's command, its verified main process gets TERM. It stays enabled: a reboot starts it again. `restore_within` is a lease: the service is " +
    'started again by then, unless a later `start` has done so. What needs it is stopped by systemd with it: the plan names it, and a lease, a later ' +
    '`start` and undo start it too. What could not be started again (masked, its unit file gone) is not stopped under a lease.',
  schema: STOP,
  example: { service: { first_of: ['crond', 'cron'] }, restore_within: '15m' },
  needs: ['fork', 'root'],
  idempotent: true,
  observe,
  apply,
  revert: restore,
});

type Arg = Infer<typeof STOP>;

async function observe(look: Look, { service, restore_within }: Arg): Promise<Observation> {
  const found = await observed(look, service, 'stop');
  if ('cannot' in found) return found.cannot;
  const { state } = found;
  if (state.state === 'stopped' || state.state === 'failed') return asItIs(look, state, state.state);
  if (state.state === 'stopping')
    return cannot(`stop ${state.name}`, `${state.name} is stopping just now: look again in a moment`);
  const ties = await tiesOf(look, state);
  if (ties.refuses.includes('stop'))
    return cannot(`stop ${state.name}`, refusedByName('stop', state), { targets: serviceTargets(state) });
  const within = restore_within ?? null;
  const lost = noWayBack(state, ties);
  if (lost !== null && within !== null)
    return cannot(`stop ${state.name}`, `its lease could not be kept: ${lost}`, { targets: serviceTargets(state) });
  return stopping(look, state, { ties, within, lost });
}

/** Names what may start the service again: after a stop a socket starts it at the next connection. */
function comesBack({ name }: ServiceState, { starters }: Ties): readonly string[] {
  return starters.length === 0
    ? []
    : [`${starters.join(' and ')} may start ${name} again at any time: stop that first, or it comes back`];
}

/** Why it may run although it was stopped. */
async function startedBy(act: Act, state: ServiceState): Promise<string> {
  const { starters } = await tiesOf(act, state);
  return starters.length === 0 ? '' : `; ${starters.join(' and ')} may have started it again: stop that first`;
}

interface Known {
  readonly ties: Ties;
  readonly within: number | null;
  readonly lost: string | null;
}

async function stopping(look: Look, state: ServiceState, { ties, within, lost }: Known): Promise<Observation> {
  const { needers } = ties;
  const also = needers.filter((name) => !ties.lost.includes(name));
  const undo: ServiceUndo = { service: state.name, wanted: 'running', ...(also.length > 0 && { also }) };
  const say = `start ${state.name}${startedAgain(also)}`;
  const seen = await serviceChange(
    look,
    { state, ties, verb: 'stop', also: needers },
    {
      summary: `stop ${state.name}${withThem(needers)}${within === null ? '' : `, to be started again within ${showDuration(within)}`}`,
      undo:
        lost === null
          ? { kind: 'revert', say, data: { ...undo } }
          : { kind: 'irreversible', because: lost, evidence: shownState(state, look.clock.now()) },
      estimate: 2000,
    },
  );
  return {
    ...seen,
    costs: costsOf(within),
    warnings: [...seen.warnings, ...comesBack(state, ties)],
    ...(within === null ? {} : { lease: lease(undo, within, say) }),
  };
}

const costsOf = (within: number | null) => ({ ...CHANGES, ...(within !== null && { stopped_for: within }) });

async function apply(act: Act, { restore_within }: Arg, observation: Observation): Promise<Applied> {
  const name = serviceOf(observation.targets);
  const within = restore_within ?? null;
  if (within !== null && within > act.allowance('stopped_for')) {
    return notActed(
      `stop ${name}`,
      `it may stay stopped for ${showDuration(act.allowance('stopped_for'))} at the most (limits.stopped_for)`,
    );
  }
  const before = await act.host.services.state(name);
  const result = await act.host.services.stop(name, PATIENT);
  if (!result.ok) return notActed(`stop ${name}`, `${result.message}${await startedBy(act, before)}`);
  const also = alsoOf(observation.targets);
  const summary = `${name} is stopped${before.pid === null ? '' : `, pid ${before.pid} is gone`}${startedAgain(also)}`;
  return acted(summary, { used: costsOf(within) });
}

function lease(undo: ServiceUndo, within: number, say: string): NonNullable<Observation['lease']> {
  const { service, also } = undo;
  return { key: leaseKey(service), service, ...(also && { also }), within, undo: { ...undo }, say };
}
