import { isRunning } from '../../model/host/service.ts';
import type { ServiceName } from '../../model/runbook/shape.ts';
import {
  type Act,
  type Applied,
  acted,
  cannot,
  change,
  defineAction,
  type Look,
  notActed,
  nothingToDo,
  type Observation,
} from '../../model/verb.ts';
import {
  alsoOf,
  areUp,
  CHANGES,
  leaseKey,
  limitless,
  observed,
  ofService,
  PATIENT,
  predicted,
  restore,
  rootWarning,
  type ServiceUndo,
  serviceOf,
  serviceTargets,
  shownState,
  startedAgain,
  tiesOf,
} from './change.ts';

export default defineAction({
  summary: 'start a service',
  about:
    'Starts the service through the manager that runs here, and is done when its main process is seen. The daemon gets what init gives: umask 022, a ' +
    'clean environment, no descriptor of ours. It releases the lease of an earlier `stop`, and starts again what that has taken down with it. How long a start ' +
    'may take is for its manager to say (TimeoutStartSec=). A service that is not enabled stays so: a reboot does not start it.',
  schema: ofService('A service to start.'),
  example: { service: { first_of: ['crond', 'cron'] } },
  needs: ['fork', 'root'],
  idempotent: true,
  observe,
  apply,
  revert: restore,
});

async function observe(look: Look, { service }: { readonly service: ServiceName }): Promise<Observation> {
  const found = await observed(look, service, 'start');
  if ('cannot' in found) return found.cannot;
  const { state } = found;
  const now = shownState(state, look.clock.now());
  const also = look.takenDown?.(state.name) ?? [];
  const runs = isRunning(state.state);
  if (runs && (await areUp(look, also))) {
    return nothingToDo(`${state.name} is running already`, {
      targets: serviceTargets(state),
      state: { now, after: now },
    });
  }
  if (state.masked && !runs)
    return cannot(`start ${state.name}`, `${state.name} is masked: systemctl unmask ${state.name}, if it may run`);
  const ties = await tiesOf(look, state);
  const undo: ServiceUndo = { service: state.name, wanted: 'stopped' };
  return change(
    runs
      ? `start ${also.join(' and ')}, which went down with ${state.name}`
      : `start ${state.name}${startedAgain(also)}`,
    {
      targets: serviceTargets(state, also),
      state: { now, after: 'running' },
      undo: { kind: 'revert', say: `stop ${state.name}, as it was before this step`, data: { ...undo } },
      predicts: predicted(state.name, 'running', also),
      costs: CHANGES,
      explain: [await look.host.services.explain(state.name, 'start')],
      estimate: 2000,
      warnings: [...(await rootWarning(look, state)), ...limitless('start', state, ties)],
    },
  );
}

async function apply(act: Act, _arg: unknown, observation: Observation): Promise<Applied> {
  const name = serviceOf(observation.targets);
  const also = alsoOf(observation.targets);
  const result = await act.host.services.start(name, { ...PATIENT, also });
  if (!result.ok) return notActed(`start ${name}`, result.message);
  return acted(`${name} is ${shownState(result.state, act.clock.now())}${startedAgain(also)}`, {
    used: CHANGES,
    releases: [leaseKey(name)],
  });
}
