import type { ServiceState } from '../model/host.ts';
import { isObject, type Json } from '../model/json.ts';
import { parseDuration, showDuration } from '../model/quantity.ts';
import * as shape from '../model/shape.ts';
import { type Act, type Applied, cannot, defineAction, type Look, nothingToDo, type Observation } from '../model/verb.ts';
import {
  CHANGES,
  done,
  failed,
  leaseKey,
  observed,
  predicted,
  restore,
  rootWarning,
  type ServiceUndo,
  STOP_TIMEOUT,
  serviceOf,
  shown,
  targetsOf,
} from './_service.ts';

export default defineAction({
  summary: 'stop a service',
  about:
    'Stops the service through the manager that runs here, and is done when its main process is gone. Where no process slot is left for the ' +
    "manager's command, its verified main process gets TERM. It stays enabled: a reboot starts it again. `restore_within` is a lease: the service is " +
    'started again by then, unless a later `start` has done so.',
  schema: shape.object(
    'A service to stop.',
    {
      service: shape.service('The service.'),
      restore_within: shape.quantity(
        'duration',
        'It is started again by then, whatever happens to the run. Counts against limits.stopped_for.',
      ),
    },
    ['service'],
  ),
  example: { service: { first_of: ['crond', 'cron'] }, restore_within: '15m' },
  needs: ['fork', 'root'],
  idempotent: true,
  observe,
  apply,
  revert: restore,
});

async function observe(look: Look, arg: Json): Promise<Observation> {
  const found = await observed(look, arg, 'stop');
  if ('cannot' in found) return found.cannot;
  const { state } = found;
  const now = shown(state, look.clock.now());
  if (state.state === 'stopped' || state.state === 'failed') {
    return nothingToDo(`${state.name} is ${state.state} already`, { targets: targetsOf(state), state: { now, after: now } });
  }
  if (state.state === 'stopping') return cannot(`stop ${state.name}`, `${state.name} is stopping just now: look again in a moment`);
  return { ...change(state, now, withinOf(arg)), explain: await explain(look, state.name), warnings: await rootWarning(look, state) };
}

function change(state: ServiceState, now: string, within: number | null): Omit<Observation, 'explain' | 'warnings'> {
  const undo: ServiceUndo = { service: state.name, wanted: 'running' };
  return {
    verdict: 'change',
    summary: `stop ${state.name}${within === null ? '' : `, to be started again within ${showDuration(within)}`}`,
    targets: targetsOf(state),
    state: { now, after: 'stopped' },
    blocks: [],
    undo: { kind: 'revert', say: `start ${state.name}`, data: { ...undo } },
    predicts: predicted(state.name, 'stopped'),
    costs: { ...CHANGES, ...(within !== null && { stopped_for: within }) },
    keep: {},
    estimate: 2000,
    ...(within === null ? {} : { lease: lease(state.name, within) }),
  };
}

async function apply(act: Act, arg: Json, observation: Observation): Promise<Applied> {
  const name = serviceOf(observation.targets);
  const within = withinOf(arg);
  if (within !== null && within > act.allowance('stopped_for')) {
    return failed(`stop ${name}`, `it may stay stopped for ${showDuration(act.allowance('stopped_for'))} at the most (limits.stopped_for)`);
  }
  const before = await act.host.services.state(name);
  const result = await act.host.services.stop(name, { timeout: STOP_TIMEOUT });
  if (!result.ok) return failed(`stop ${name}`, result.message);
  const summary = `${name} is stopped${before.pid === null ? '' : `, pid ${before.pid} is gone`}`;
  return done(summary, { used: { ...CHANGES, ...(within !== null && { stopped_for: within }) } });
}

function lease(name: string, within: number): NonNullable<Observation['lease']> {
  return { key: leaseKey(name), service: name, within, undo: { service: name, wanted: 'running' }, say: `start ${name}` };
}

async function explain(look: Look, name: string): Promise<readonly string[]> {
  return [await look.host.services.explain(name, 'stop')];
}

function withinOf(arg: Json): number | null {
  const within = isObject(arg) ? arg.restore_within : undefined;
  return typeof within === 'string' ? (parseDuration(within) ?? null) : null;
}
