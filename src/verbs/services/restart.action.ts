import { isWord } from '../../model/host/service.ts';
import type { ServiceState } from '../../model/host.ts';
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
  type Observation,
} from '../../model/verb.ts';
import {
  alsoOf,
  CHANGES,
  leaseKey,
  limitless,
  noWayBack,
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
  withThem,
} from './change.ts';

export default defineAction({
  summary: 'restart a service',
  about:
    "One restart of the service's own manager (systemctl restart, the init script's restart; a script that has none is stopped and started), which is done when " +
    'the old main process is gone, the new one is seen, and what systemd restarts with it, because it needs it, is up as well. Undo brings back what was: a ' +
    'service that ran before is seen to run (also where the start failed half-way), one that was stopped is stopped.',
  schema: ofService('A service to restart.'),
  example: { service: { name: 'postfix' } },
  needs: ['fork', 'root'],
  idempotent: false,
  observe,
  apply,
  revert: restore,
});

async function observe(look: Look, { service }: { readonly service: ServiceName }): Promise<Observation> {
  const found = await observed(look, service, 'restart');
  if ('cannot' in found) return found.cannot;
  const { state } = found;
  const ties = await tiesOf(look, state);
  const why = `restart ${state.name}`;
  const lost = isUp(state) || state.masked ? noWayBack(state, ties) : null;
  if (lost !== null) return cannot(why, lost, { targets: serviceTargets(state) });
  const needers = isUp(state) ? ties.needers : [];
  const also = [...new Set([...needers, ...(look.takenDown?.(state.name) ?? [])])];
  const undo: ServiceUndo = {
    service: state.name,
    wanted: isUp(state) ? 'running' : 'stopped',
    ...(also.length > 0 && { also }),
  };
  return change(isUp(state) ? `${why}${withThem(needers)}` : `start ${state.name}, which is ${state.state}`, {
    targets: serviceTargets(state, also),
    state: { now: shownState(state, look.clock.now()), after: 'running' },
    undo: {
      kind: 'revert',
      say: isUp(state) ? `see that ${state.name} runs` : `stop ${state.name}, as it was before`,
      data: { ...undo },
    },
    predicts: predicted(state.name, 'running', also),
    costs: CHANGES,
    explain: [await look.host.services.explain(state.name, 'restart')],
    estimate: 4000,
    warnings: [...(await rootWarning(look, state)), ...limitless('start', state, ties), ...ties.warnings],
  });
}

async function apply(act: Act, _arg: unknown, observation: Observation): Promise<Applied> {
  const name = serviceOf(observation.targets);
  const also = alsoOf(observation.targets);
  const before = await act.host.services.state(name);
  const result = await act.host.services.restart(name, { ...PATIENT, also });
  if (!result.ok) return notActed(`restart ${name}`, result.message);
  const instead = before.pid === null ? '' : ` in place of pid ${before.pid}`;
  return acted(`${name} is ${shownState(result.state, act.clock.now())}${instead}${startedAgain(also)}`, {
    used: CHANGES,
    releases: [leaseKey(name)],
  });
}

const isUp = (state: ServiceState): boolean => !isWord(state, 'down');
