import type { Vault } from '../hosts/vault.ts';
import type { Holder } from '../journal/lock.ts';
import type { Target } from '../model/fleet.ts';
import { type FarClock, failure, type Host, type Result } from '../model/host.ts';
import type { Mode } from '../model/policy/permit.ts';
import { showDuration } from '../model/text/quantity.ts';
import type { ReachedHost, World } from '../model/world.ts';
import { folderCatalogue } from './catalogue.ts';
import { systemClock } from './clock.ts';
import { lockName } from './environment.ts';
import { type HostsElsewhere, hostsFor, hostsHere, type Reach } from './host.ts';
import { stopSwitch } from './stop-switch.ts';
import type { Starter } from './trigger.ts';

/** What a run is wired with: of the process, and of the command line. */
export interface Wiring extends Starter {
  readonly pid: number;
  readonly scene?: string;
  readonly secrets?: Vault;
  /** How hosts elsewhere are reached; null: it is about this machine. */
  readonly reach: Reach | null;
}

/** Connections that are kept for who reaches the host next. */
export interface Pool {
  take(host: string): Promise<HostsElsewhere | null>;
  /** Whether it is kept. */
  keep(host: string, hosts: HostsElsewhere): boolean;
}

const NO_POOL: Pool = { take: async () => null, keep: () => false };

type Answer = Awaited<ReturnType<World['reach']>>;

/** What only a run needs, and not a plan, is imported once it is asked for. */
export function worldFor(who: Wiring, pool: Pool = NO_POOL): World {
  const { secrets } = who;
  return {
    catalogue: folderCatalogue(),
    clock: systemClock,
    stop: stopSwitch(who),
    ...(secrets && { secrets }),
    reach: async (target, signal) =>
      target === null ? { ok: true, reached: here(who) } : there(who, target, { pool, signal }),
    openRun: async (runbook, host) => (await import('./journal.ts')).openRun(who, runbook, host),
    reopenRun: async (run) => (await import('./journal.ts')).reopenRun(who, run),
    mode: ({ runbook, policy }, host, except) =>
      modeFor(who, { policy, runbook: runbook.name, except, zone: host.farClock?.().zone ?? null }),
  };
}

interface Asked {
  readonly policy: Extract<Mode, { kind: 'unattended' }>['policy'] | null;
  readonly runbook: string;
  readonly except?: string | undefined;
  /** Of the host, where it is elsewhere: windows are judged by the clock of the host. */
  readonly zone?: string | null;
}

/**
 * Who decides. To be asked under the host's lock: a run that ends meanwhile belongs to what this host remembers.
 */
export async function modeFor(starter: Starter, { policy, runbook, except, zone = null }: Asked): Promise<Mode> {
  if (policy === null) return { kind: 'attended' };
  const { triggerOf } = await import('./trigger.ts');
  const trigger = triggerOf(starter, { policy, runbook, except });
  return { kind: 'unattended', policy, trigger: { ...trigger, zone: zone ?? trigger.zone } };
}

// ---------------------------------------------------------------- this machine

function here(who: Wiring): ReachedHost {
  return {
    ...hostsHere(who.secrets, who.scene),
    target: null,
    notes: [],
    lock: (run) => lockHere(who, run),
    close: async () => {},
  };
}

/** Whoever comes second is told who is first, and nothing is touched. A rehearsal has a lock of its own. */
async function lockHere(who: Wiring, run: string): ReturnType<ReachedHost['lock']> {
  const { takeLock } = await import('../journal/lock.ts');
  const { heldFromAfar } = await import('../journal/from-afar.ts');
  const name = lockName(who);
  const taken = await takeLock({ uid: who.uid, ...(name !== undefined && { name }) }, holderOf(who, run));
  if (!taken.ok) return taken;
  const release = async (): Promise<void> => taken.lock.release();
  if (name !== undefined || !heldFromAfar(who)) return { ok: true, note: null, release };
  await release();
  return failure('locked', FROM_AFAR);
}

const FROM_AFAR = 'another run holds this host: it was started elsewhere and came over ssh; nothing was touched';

export function holderOf({ user, pid }: Pick<Wiring, 'user' | 'pid'>, run: string): Holder {
  return { run, who: user, pid, since: new Date().toISOString() };
}

// ---------------------------------------------------------------- another one, over ssh

async function there(
  who: Wiring,
  target: Target,
  { pool, signal }: { readonly pool: Pool; readonly signal: AbortSignal },
): Promise<Answer> {
  if (who.reach === null) throw new Error('bug: nothing says how hosts elsewhere are reached');
  const hosts = (await pool.take(target.name)) ?? (await hostsFor(target, who.reach, who.secrets));
  const connected = await Promise.race([hosts.connect(), interrupted(signal, target.name)]);
  if (!connected.ok) {
    await hosts.close();
    return connected;
  }
  const { host, readOnlyHost, reached } = hosts;
  const close = async (): Promise<void> => {
    if (hosts.lost() !== null || !pool.keep(target.name, hosts)) await hosts.close();
  };
  const lock: ReachedHost['lock'] = (run) => hosts.lock(holderOf(who, run));
  return { ok: true, reached: { host, readOnlyHost, target: reached, notes: clockNotes(host), lock, close } };
}

function interrupted(signal: AbortSignal, host: string): Promise<Result<object>> {
  return new Promise((resolve) => {
    const end = () => resolve(failure('interrupted', `${String(signal.reason)} before ${host} answered`));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

/** Milliseconds; less than this confuses nobody who reads a report beside a log. */
const WORTH_A_WORD = 30_000;

function clockNotes(host: Host): readonly string[] {
  const { ahead = 0 }: Partial<FarClock> = host.farClock?.() ?? {};
  if (Math.abs(ahead) < WORTH_A_WORD) return [];
  const beside = `${showDuration(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} the clock here`;
  return [
    `the clock of ${host.name} is ${beside}: the times of this run are by the clock here, those of its own logs are not`,
  ];
}
