import { isWord } from '../../model/host/service.ts';
import type { ServiceName } from '../../model/runbook/shape.ts';
import { cannot, defineAction, type Look, type Observation } from '../../model/verb.ts';
import {
  bringUp,
  noWayBack,
  observed,
  ofService,
  refusedByName,
  restore,
  type ServiceUndo,
  serviceChange,
  serviceTargets,
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
  apply: bringUp('restart'),
  revert: restore,
});

async function observe(look: Look, { service }: { readonly service: ServiceName }): Promise<Observation> {
  const found = await observed(look, service, 'restart');
  if ('cannot' in found) return found.cannot;
  const { state } = found;
  const { name } = state;
  const isUp = !isWord(state, 'down');
  const ties = await tiesOf(look, state);
  const refused = ties.refuses.find((verb) => verb === 'start' || isUp);
  if (refused) return cannot(`restart ${name}`, refusedByName(refused, state), { targets: serviceTargets(state) });
  const lost = isUp || state.masked ? noWayBack(state, ties) : null;
  if (lost !== null) return cannot(`restart ${name}`, lost, { targets: serviceTargets(state) });
  const needers = isUp ? ties.needers : [];
  const also = [...new Set([...needers, ...(look.takenDown?.(name) ?? [])])];
  const undo: ServiceUndo = {
    service: name,
    wanted: isUp ? 'running' : 'stopped',
    ...(also.length > 0 && { also }),
    ...(ties.rivals.length > 0 && !isUp && { back: ties.rivals }),
  };
  const say = isUp ? `see that ${name} runs` : `stop ${name}, as it was before`;
  return serviceChange(
    look,
    { state, ties, verb: 'restart', also },
    {
      summary: isUp ? `restart ${name}${withThem(needers)}` : `start ${name}, which is ${state.state}`,
      undo: { kind: 'revert', say, data: { ...undo } },
      estimate: 4000,
    },
  );
}
