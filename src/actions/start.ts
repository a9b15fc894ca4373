import type { Json } from '../model/json.ts';
import * as shape from '../model/shape.ts';
import { type Act, type Applied, defineAction, type Look, nothingToDo, type Observation } from '../model/verb.ts';
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
  START_TIMEOUT,
  serviceOf,
  shown,
  targetsOf,
} from './_service.ts';

export default defineAction({
  summary: 'start a service',
  about:
    'Starts the service through the manager that runs here, and is done when its main process is seen. The daemon gets what init gives: umask 022, a ' +
    'clean environment, no descriptor of ours. It releases the lease of an earlier `stop`. A service that is not enabled stays so: a reboot does not start it.',
  schema: shape.object('A service to start.', { service: shape.service('The service.') }, ['service']),
  example: { service: { first_of: ['crond', 'cron'] } },
  needs: ['fork', 'root'],
  idempotent: true,
  observe,
  apply,
  revert: restore,
});

async function observe(look: Look, arg: Json): Promise<Observation> {
  const found = await observed(look, arg, 'start');
  if ('cannot' in found) return found.cannot;
  const { state } = found;
  const now = shown(state, look.clock.now());
  if (state.state === 'running') {
    return nothingToDo(`${state.name} is running already`, { targets: targetsOf(state), state: { now, after: now } });
  }
  const undo: ServiceUndo = { service: state.name, wanted: 'stopped' };
  return {
    verdict: 'change',
    summary: `start ${state.name}`,
    targets: targetsOf(state),
    state: { now, after: 'running' },
    blocks: [],
    undo: { kind: 'revert', say: `stop ${state.name}, as it was before this step`, data: { ...undo } },
    predicts: predicted(state.name, 'running'),
    costs: CHANGES,
    keep: {},
    explain: [await look.host.services.explain(state.name, 'start')],
    estimate: 2000,
    warnings: await rootWarning(look, state),
  };
}

async function apply(act: Act, _arg: Json, observation: Observation): Promise<Applied> {
  const name = serviceOf(observation.targets);
  const result = await act.host.services.start(name, { timeout: START_TIMEOUT });
  if (!result.ok) return failed(`start ${name}`, result.message);
  return done(`${name} is ${shown(result.state, act.clock.now())}`, { used: CHANGES, releases: [leaseKey(name)] });
}
