import { type MachineThen, type SavedPlan, shortId } from '../model/run/saved-plan.ts';
import { showDuration } from '../model/text/quantity.ts';

/**
 * Why this plan is not for this machine, this user or this moment, each in its own words; null: it may be compared.
 * Nothing was looked at yet.
 */
export function unusable(saved: SavedPlan, now: MachineThen): string | null {
  const { machine, valid, at } = saved;
  const named = `plan ${shortId(saved.id)} of ${at.replace(/\.\d+Z$/, 'Z')}`;
  if (machine.host !== now.host)
    return `${named} is of another host: it was made on ${machine.host}, this is ${now.host}; plan again here`;
  if (machine.boot !== now.boot)
    return `${named} is of another life of this host: it was booted since (boot id then ${machine.boot}, now ${now.boot}); plan again`;
  if (machine.uid !== now.uid)
    return `${named} was made as uid ${machine.uid}, this is uid ${now.uid}: another user sees and may do other things; plan again`;
  const age = now.uptime - machine.uptime;
  if (age <= valid) return null;
  return `${named} has expired: it was valid for ${showDuration(valid)}, and is ${showDuration(age)} old; plan again`;
}

/** A plan is carried out once: what it found is gone by then. */
export function sayUsed(saved: SavedPlan, use: { readonly run: string; readonly finished: boolean }): string {
  const next = use.finished ? 'plan again' : `that run has not ended: firebreak resume ${use.run}`;
  return `plan ${shortId(saved.id)} is used: run ${use.run} has carried it out; ${next}`;
}
