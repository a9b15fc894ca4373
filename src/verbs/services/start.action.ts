import { isRunning } from '../../model/host/service.ts';
import type { ServiceName } from '../../model/runbook/shape.ts';
import { cannot, defineAction, type Look, type Observation } from '../../model/verb.ts';
import {
  areUp,
  asItIs,
  bringUp,
  observed,
  ofService,
  restore,
  type ServiceUndo,
  serviceChange,
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
  apply: bringUp('start'),
  revert: restore,
});

async function observe(look: Look, { service }: { readonly service: ServiceName }): Promise<Observation> {
  const found = await observed(look, service, 'start');
  if ('cannot' in found) return found.cannot;
  const { state } = found;
  const { name } = state;
  const also = look.takenDown?.(name) ?? [];
  const runs = isRunning(state.state);
  if (runs && (await areUp(look, also))) return asItIs(look, state, 'running');
  if (state.masked && !runs)
    return cannot(`start ${name}`, `${name} is masked: systemctl unmask ${name}, if it may run`);
  const ties = await tiesOf(look, state);
  const undo: ServiceUndo = { service: name, wanted: 'stopped' };
  return serviceChange(
    look,
    { state, ties, verb: 'start', also },
    {
      summary: runs
        ? `start ${also.join(' and ')}, which went down with ${name}`
        : `start ${name}${startedAgain(also)}`,
      undo: { kind: 'revert', say: `stop ${name}, as it was before this step`, data: { ...undo } },
      estimate: 2000,
    },
  );
}
