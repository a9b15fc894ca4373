import { isRunning } from '../../model/host/service.ts';
import type { ServiceState } from '../../model/host.ts';
import type { ServiceName } from '../../model/runbook/shape.ts';
import { cannot, defineAction, type Look, type Observation, type Undo } from '../../model/verb.ts';
import {
  areUp,
  asItIs,
  bringUp,
  observed,
  ofService,
  refusedByName,
  restore,
  type ServiceUndo,
  serviceChange,
  serviceTargets,
  shownState,
  startedAgain,
  type Ties,
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
  if (ties.refuses.includes('start') && !runs)
    return cannot(`start ${name}`, refusedByName('start', state), { targets: serviceTargets(state) });
  return serviceChange(
    look,
    { state, ties, verb: 'start', also },
    {
      summary: runs
        ? `start ${also.join(' and ')}, which went down with ${name}`
        : `start ${name}${startedAgain(also)}${ties.once ? ', which runs once and ends' : ''}`,
      undo: undoOf(state, ties, shownState(state, look.clock.now())),
      estimate: 2000,
    },
  );
}

function undoOf({ name }: ServiceState, { once, rivals }: Ties, now: string): Undo {
  if (once) return { kind: 'irreversible', because: ONCE, evidence: now };
  const undo: ServiceUndo = { service: name, wanted: 'stopped', ...(rivals.length > 0 && { back: rivals }) };
  const say = `stop ${name}, as it was before this step${rivals.length === 0 ? '' : `, and start ${rivals.join(' and ')}`}`;
  return { kind: 'revert', say, data: { ...undo } };
}

const ONCE = 'nobody can tell what a service that runs once and ends has changed';
