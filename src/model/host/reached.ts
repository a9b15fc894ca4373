import type { Target } from '../fleet.ts';

/** How a run has reached a host that is elsewhere, so that a resume reaches the same one. Never a password. */
export interface Reached extends Target {
  readonly become: boolean;
  /** ssh's configuration file; null: the user's own. */
  readonly config: string | null;
}
