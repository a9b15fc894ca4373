import { isRunning } from '../../model/host/service.ts';
import type { ServiceState } from '../../model/host.ts';

/** What `systemctl show` (systemctl(1)) is asked for, and what it says. */
export const PROPERTIES =
  'Id,LoadState,NeedDaemonReload,FragmentPath,ActiveState,SubState,MainPID,Job,ActiveEnterTimestamp,InactiveEnterTimestamp,UnitFileState,' +
  'Type,RemainAfterExit,ConditionResult,ConditionTimestampMonotonic,AssertResult,AssertTimestampMonotonic';

export type ShownUnit = Readonly<Record<string, string>>;
export type UnitState = Pick<
  ServiceState,
  'state' | 'pid' | 'since' | 'reason' | 'masked' | 'removed' | 'pending' | 'once' | 'unmet'
> & {
  readonly exists?: boolean;
};

/** One record a unit. */
export function unitsIn(text: string): readonly ShownUnit[] {
  const records = text.trim().split(/\n\n+/).filter(Boolean);
  return records.map((record) => Object.fromEntries(record.split('\n').map((line) => line.split(/=(.*)/s, 2))));
}

/** The state is that of the worst instance. */
export function worstUnit(shown: readonly ShownUnit[]): ShownUnit | null {
  return (
    shown.find((each) => each.ActiveState === 'failed') ??
    shown.find((each) => each.ActiveState === 'active') ??
    shown[0] ??
    null
  );
}

const STATES: Readonly<Record<string, ServiceState['state']>> = {
  active: 'running',
  reloading: 'reloading',
  refreshing: 'reloading',
  inactive: 'stopped',
  failed: 'failed',
  activating: 'starting',
  deactivating: 'stopping',
};

export function stateShown(shown: ShownUnit): UnitState {
  const state = /^auto-restart/.test(shown.SubState ?? '')
    ? 'restarting'
    : (STATES[shown.ActiveState ?? ''] ?? 'unknown');
  const stamp = isRunning(state) ? shown.ActiveEnterTimestamp : shown.InactiveEnterTimestamp;
  const seconds = secondsOf(stamp ?? '');
  const pid = Number(shown.MainPID ?? 0);
  return {
    state,
    pid: pid > 0 ? pid : null,
    since: seconds > 0 ? seconds * 1000 : null,
    ...(/^[1-9]/.test(shown.Job ?? '') && { pending: true }),
    ...(state === 'stopped' && endOf(shown)),
    ...(state === 'unknown' ? { reason: `systemctl show says ${shown.ActiveState ?? 'nothing'}` } : {}),
  };
}

/** Type=oneshot without RemainAfterExit=: what its start did is over when it is looked at (systemd.service(5)). */
export const runsOnce = ({ Type, RemainAfterExit }: ShownUnit): boolean =>
  Type === 'oneshot' && RemainAfterExit === 'no';

/**
 * What becomes of a start, beside the state. systemd forgets what it knew of a unit that is down and that nobody needs:
 * then no condition was looked at.
 */
function endOf(shown: ShownUnit): Pick<UnitState, 'once' | 'unmet'> {
  const unmet = (['Condition', 'Assert'] as const).some(
    (kind) => shown[`${kind}Result`] === 'no' && Number(shown[`${kind}TimestampMonotonic`] ?? 0) > 0,
  );
  return { ...(runsOnce(shown) && { once: true }), ...(unmet && { unmet: true }) };
}

/** Properties of the unit itself. For Debian's postfix the instance does not have them. */
export function unitMarks({ LoadState, ActiveState }: ShownUnit): Pick<UnitState, 'masked' | 'removed'> {
  if (LoadState === 'masked') return { masked: true };
  return isGone({ LoadState, ActiveState }) && isAtWork(ActiveState) ? { removed: true } : {};
}

/** A unit that nobody has a file of, and of which nothing runs. */
export const isAbsent = (shown: ShownUnit): boolean => isGone(shown) && !isAtWork(shown.ActiveState);

const isGone = ({ LoadState }: Partial<ShownUnit>): boolean => LoadState === 'not-found';
const isAtWork = (active: string | undefined): boolean =>
  active !== undefined && active !== 'inactive' && active !== 'failed';

/** `@1795467853`, or, of a systemd before 247 that was asked in UTC, `Mon 2026-11-23 21:44:13 UTC`. */
function secondsOf(stamp: string): number {
  const [, unix, date, time] = /^(?:@(\d+)|\w{3} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC)/.exec(stamp) ?? [];
  return unix === undefined ? Date.parse(`${date}T${time}Z`) / 1000 || 0 : Number(unix);
}
