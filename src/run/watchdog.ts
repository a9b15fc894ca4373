import { failure, type Result } from '../model/host.ts';
import type { Lease, Running, Watch } from './running.ts';

export type Armed = Result<{ readonly watch: Watch }>;

/**
 * Has the host start the service in so many milliseconds, with nobody of ours alive, and lets go of every other lease
 * of that service: the one that this renews, one of an engine that was killed, of this run or of another. Only one run
 * has the host, so none of them belongs to anybody who lives.
 */
export async function watchOver({ host, clock, journal }: Running, lease: Lease, within: number): Promise<Armed> {
  const { bootId, uptime } = await host.machine.facts();
  if (bootId === '') return failure('unreachable', `${host.name} does not say how long it has been up`);
  const deadline = { boot: bootId, uptime: uptime + within, at: new Date(clock.now() + within).toISOString() };
  const id = `${prefixOf(lease.service)}${journal.run}.${Math.round(uptime)}`;
  const armed = await host.services.arm({
    id,
    service: lease.service,
    ...(lease.also && { also: lease.also }),
    within,
  });
  if (!armed.ok) return armed;
  await letGoBut(host.services, lease, JSON.stringify(armed.handle));
  return { ok: true, watch: { handle: armed.handle, deadline } };
}

/** The service runs, or is somebody else's business by now: nothing starts it by itself any more. */
export async function letGo({ host }: Pick<Running, 'host'>, lease: Pick<Lease, 'service' | 'watch'>): Promise<void> {
  if (lease.watch !== null) await host.services.release(lease.watch.handle);
  await letGoBut(host.services, lease, null);
}

/** What cannot be released starts what runs already: no harm, and no reason to stop for. */
async function letGoBut(
  services: Running['host']['services'],
  { service }: Pick<Lease, 'service'>,
  but: string | null,
): Promise<void> {
  const found = await services.armed(prefixOf(service));
  if (!found.ok) return;
  for (const handle of found.handles) if (JSON.stringify(handle) !== but) await services.release(handle);
}

/** Leases of one service are found by the beginning of their ids; a service may be a path. */
function prefixOf(service: string): string {
  const safe = service.replace(/[^A-Za-z0-9-]/g, (character) => `_${character.codePointAt(0)?.toString(16)}_`);
  return `lease-${safe}.`;
}
