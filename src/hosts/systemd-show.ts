import type { ServiceState } from '../model/host.ts';

/** What `systemctl show` (systemctl(1)) is asked for, and what it says. */
export const PROPERTIES = 'Id,LoadState,ActiveState,SubState,MainPID,ActiveEnterTimestamp,InactiveEnterTimestamp,UnitFileState';

export type Shown = Readonly<Record<string, string>>;
export type UnitState = Pick<ServiceState, 'state' | 'pid' | 'since' | 'reason'> & { readonly exists?: boolean };

/** One record a unit. */
export function recordsIn(text: string): readonly Shown[] {
  const records = text.trim().split(/\n\n+/).filter(Boolean);
  return records.map((record) => Object.fromEntries(record.split('\n').map((line) => line.split(/=(.*)/s, 2))));
}

/** The worst instance speaks for all. */
export function worstOf(shown: readonly Shown[]): Shown | null {
  return shown.find((each) => each.ActiveState === 'failed') ?? shown.find((each) => each.ActiveState === 'active') ?? shown[0] ?? null;
}

const STATES: Readonly<Record<string, ServiceState['state']>> = {
  active: 'running',
  reloading: 'running',
  inactive: 'stopped',
  failed: 'failed',
  activating: 'starting',
  deactivating: 'stopping',
};

export function stateShown(shown: Shown): UnitState {
  const state = STATES[shown.ActiveState ?? ''] ?? 'unknown';
  const stamp = state === 'running' ? shown.ActiveEnterTimestamp : shown.InactiveEnterTimestamp;
  const seconds = secondsOf(stamp ?? '');
  const pid = Number(shown.MainPID ?? 0);
  return {
    state,
    pid: pid > 0 ? pid : null,
    since: seconds > 0 ? seconds * 1000 : null,
    ...(state === 'unknown' ? { reason: `systemctl show says ${shown.ActiveState ?? 'nothing'}` } : {}),
  };
}

/** `@1795467853`, or, of a systemd before 247 that was asked in UTC, `Mon 2026-11-23 21:44:13 UTC`. */
function secondsOf(stamp: string): number {
  const [, unix, date, time] = /^(?:@(\d+)|\w{3} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC)/.exec(stamp) ?? [];
  return unix === undefined ? Date.parse(`${date}T${time}Z`) / 1000 || 0 : Number(unix);
}
