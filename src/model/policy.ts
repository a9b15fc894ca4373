import type { Comparator } from './condition.ts';
import type { Limits } from './runbook.ts';

/**
 * What may be done without asking a person. A policy decides and never looks at the host; what no rule allows is
 * denied.
 */
export interface Policy {
  readonly rules: readonly PolicyRule[];
  /** While a freeze lasts no unattended run may start, whatever the rules say. */
  readonly freeze: readonly Freeze[];
  readonly source: { readonly path: string; readonly hash: string };
}

/** All that a rule names must hold. */
export interface PolicyRule {
  readonly id: string;
  /** Names of users, or `unattended`: whoever starts it. Empty: whoever starts it. */
  readonly who: readonly string[];
  /** `name`, `name@version`, or `sha256:` and the hash of the runbook's bytes. */
  readonly runbook: string;
  /** Conditions for parameters. A parameter that is not named here may have any value that the runbook takes. */
  readonly params: Readonly<Record<string, Comparator>>;
  /** Names of hosts, where `*` stands for any characters and `?` for one. Empty: any host. */
  readonly hosts: readonly string[];
  /** When a run may start. Empty: at any time. */
  readonly during: readonly TimeWindow[];
  /** Actions that a runbook must not have. */
  readonly deny: readonly string[];
  /** Whether a command may run that its author declares as read-only (`run` with `effect: read`). */
  readonly declaredRead: 'allow' | 'deny';
  /** Whether a command may run that changes what only its author knows (`run` with `effect: write`). */
  readonly declaredWrite: 'allow' | 'deny';
  /**
   * Raises or lowers the runbook's own limits for unattended runs; a limit that the rule leaves out stays the
   * runbook's.
   */
  readonly limits: Limits;
  /** How many runs of the runbook may change this host in an hour and in a day, this one counted. */
  readonly runs: { readonly anHour?: number; readonly aDay?: number };
  /**
   * Milliseconds after the end of a run that held. If the same incident is back in that time, the fix does not last and
   * a person is needed. 0: off.
   */
  readonly coolDown: number;
  /** When an act fails: undo what was done, newest first, or leave it for a person. Leases are restored either way. */
  readonly onFailure: 'undo' | 'leave';
  /** What may be undone. `safe`: all but what would bring the incident back (model/policy/danger.ts). */
  readonly undo: 'safe' | 'all' | 'none';
  /** How many hosts a run may change. Absent: one after the other. */
  readonly fleet?: FleetLimits;
}

/** How many hosts of a fleet may be at work or changed without asking. */
export interface FleetLimits {
  /** Hosts at work at once. */
  readonly atOnce: number;
  /**
   * Percent of the hosts of any one group, of those chosen, that may be at work at once; always one. Hosts in no group
   * count as one.
   */
  readonly share: number;
  /** Different hosts that may be changed within 24 hours; null: any number. */
  readonly hostsADay: number | null;
}

/** Day after day the same hours, on the clock of a zone. */
export interface TimeWindow {
  /** 0 is Sunday. The days on which the window opens; it may close on the next. */
  readonly days: readonly number[];
  /** Minutes after midnight; `to` is the first minute that is outside. Not after `from`: on the next day. */
  readonly from: number;
  readonly to: number;
  /** IANA name; null: the host's own. */
  readonly zone: string | null;
}

/**
 * From the beginning of `from` to the end of `to`: days (`2026-12-20`) on the clock of the zone, or instants with their
 * offset.
 */
export interface Freeze {
  readonly from: string;
  readonly to: string;
  readonly why: string;
  /** IANA name; null: the host's own. */
  readonly zone: string | null;
}

/** What started an unattended run, and the earlier runs on this host. */
export interface Trigger {
  /** The user who starts it; with sudo the one who typed it. */
  readonly who: string;
  /** The host's time zone, an IANA name. */
  readonly zone: string;
  /** Earlier runs on this host, as far back as the policy asks for. */
  readonly past: readonly PastRun[];
  /** Why they cannot be told. A folder for everybody, where a stranger can be in the way, does not count. */
  readonly forgotten?: string;
}

export interface PastRun {
  readonly id: string;
  /** Null: its journal does not tell. Such a run counts for every runbook. */
  readonly runbook: string | null;
  readonly host: string | null;
  /** Epoch milliseconds. */
  readonly started: number;
  readonly ended: number | null;
  /** False only where the journal shows that nothing was changed. */
  readonly acted: boolean;
  readonly held: boolean;
}

export type Decision = {
  readonly effect: 'allow' | 'ask' | 'deny' | 'over-limit';
  readonly reason: string /** The rule that made it. */;
  readonly rule: string | null;
};
