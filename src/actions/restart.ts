import type { ServiceState } from '../model/host.ts';
import type { Json } from '../model/json.ts';
import * as shape from '../model/shape.ts';
import { type Act, type Applied, defineAction, type Look, type Observation } from '../model/verb.ts';
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
  STOP_TIMEOUT,
  serviceOf,
  shown,
  targetsOf,
} from './_service.ts';

export default defineAction({
  summary: 'stop a service, if it runs, and start it',
  about:
    'Stops the service, waits until its main process is gone, starts it, and waits until the new one is seen. Undo brings back what was: a service that ' +
    'ran before is seen to run (also where the start failed half-way), one that was stopped is stopped.',
  schema: shape.object('A service to restart.', { service: shape.service('The service.') }, ['service']),
  example: { service: { name: 'postfix' } },
  needs: ['fork', 'root'],
  idempotent: false,
  observe,
  apply,
  revert: restore,
});

async function observe(look: Look, arg: Json): Promise<Observation> {
  const found = await observed(look, arg, 'restart');
  if ('cannot' in found) return found.cannot;
  const { state } = found;
  const undo: ServiceUndo = { service: state.name, wanted: isUp(state) ? 'running' : 'stopped' };
  return {
    verdict: 'change',
    summary: isUp(state) ? `restart ${state.name}` : `start ${state.name}, which is ${state.state}`,
    targets: targetsOf(state),
    state: { now: shown(state, look.clock.now()), after: 'running' },
    blocks: [],
    undo: { kind: 'revert', say: isUp(state) ? `see that ${state.name} runs` : `stop ${state.name}, as it was before`, data: { ...undo } },
    predicts: predicted(state.name, 'running'),
    costs: CHANGES,
    keep: {},
    explain: [await look.host.services.explain(state.name, 'restart')],
    estimate: 4000,
    warnings: await rootWarning(look, state),
  };
}

async function apply(act: Act, _arg: Json, observation: Observation): Promise<Applied> {
  const name = serviceOf(observation.targets);
  const before = await act.host.services.state(name);
  const stopped = await act.host.services.stop(name, { timeout: STOP_TIMEOUT });
  if (!stopped.ok) return failed(`restart ${name}`, `it could not be stopped: ${stopped.message}`);
  const started = await act.host.services.start(name, { timeout: START_TIMEOUT });
  if (!started.ok) return failed(`restart ${name}`, `it is stopped now, and could not be started: ${started.message}`);
  const instead = before.pid === null ? '' : ` in place of pid ${before.pid}`;
  return done(`${name} is ${shown(started.state, act.clock.now())}${instead}`, { used: CHANGES, releases: [leaseKey(name)] });
}

const isUp = (state: ServiceState): boolean => state.state !== 'stopped' && state.state !== 'failed';
