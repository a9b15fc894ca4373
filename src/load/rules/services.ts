import { SERVICE, STOP } from '../../model/arguments.ts';
import { type Json, listOf } from '../../model/json.ts';
import type { Problem } from '../../model/problem.ts';
import { unchecked } from '../../model/read.ts';
import { WATCH } from '../../model/run/watch.ts';
import { DEFAULT_LIMITS } from '../../model/runbook.ts';
import { parseDuration, showDuration } from '../../model/text/quantity.ts';
import type { DraftStep } from '../runbook/draft.ts';
import { LIMITS_SHAPE } from '../runbook/language.ts';
import { argOf, argPath, type CheckedDraft, problemOf, stepsIn, verbOf, withDefault } from './checked.ts';

/** What is stopped for a remedy must run again, in time, and the watch must have seen it run. */
export function serviceRules(checked: CheckedDraft): readonly Problem[] {
  const act = stepsIn(checked, 'act');
  const stops = act.filter((step) => verbOf(step) === 'stop');
  return [
    ...stops.flatMap((stop) => [...leaseOverLimit(checked, stop), ...stoppedNeverStarted(checked, stop, act)]),
    ...verifyWithoutProof(checked, stops),
  ];
}

function leaseOverLimit(checked: CheckedDraft, stop: DraftStep): readonly Problem[] {
  const own = unchecked(LIMITS_SHAPE, checked.draft.root.limits).stopped_for;
  const longest = own === undefined ? DEFAULT_LIMITS.stopped_for : milliseconds(own);
  const within = withDefault(checked, argOf(stop, STOP).restore_within);
  const lease = milliseconds(within);
  if (longest === undefined || lease === undefined || lease <= longest) return [];
  const allowed =
    own === undefined
      ? `${showDuration(longest)} by default`
      : `line ${checked.draft.source.placeOf(['limits', 'stopped_for']).line}`;
  const message = `a lease of ${String(within)} is longer than \`limits.stopped_for\` (${allowed})`;
  const hint = own === undefined ? { hint: `add \`limits: {stopped_for: ${String(within)}}\`` } : {};
  return [
    problemOf(checked, argPath(stop, STOP, 'restore_within'), 'value', { code: 'lease-over-limit', message, ...hint }),
  ];
}

function milliseconds(value: Json | undefined): number | undefined {
  return typeof value === 'string' ? parseDuration(value) : undefined;
}

/** A service that stays stopped on purpose says with `undo` how it comes back. */
function stoppedNeverStarted(checked: CheckedDraft, stop: DraftStep, act: readonly DraftStep[]): readonly Problem[] {
  const stopped = servicesOf(checked, stop);
  const later = act.filter((step) => step.order > stop.order && ['start', 'restart'].includes(verbOf(step) ?? ''));
  const started = later.flatMap((step) => servicesOf(checked, step));
  // If one of the two steps names no service, nobody can compare them: then any later start counts.
  const again =
    stopped.length === 0 || started.length < later.length
      ? later.length > 0
      : stopped.some((name) => started.includes(name));
  if (again || stop.json.undo !== undefined) return [];
  const hint = 'add a `start` step behind it, or write with `undo:` how it comes back';
  return [
    problemOf(checked, argPath(stop), 'key', {
      code: 'stopped-never-started',
      message: 'what is stopped here is never started again',
      hint,
    }),
  ];
}

function servicesOf(checked: CheckedDraft, step: DraftStep): readonly string[] {
  const { name, first_of } = unchecked(SERVICE, argOf(step, STOP).service);
  const names = listOf<Json>(withDefault(checked, name ?? first_of));
  return names.flatMap((name) => withDefault(checked, name) ?? []).filter((name) => typeof name === 'string');
}

const CRONS = ['cron', 'crond', 'cronie', 'anacron', 'fcron', 'dcron', 'bcron'];

/**
 * After a stop of cron, "nothing came back" proves nothing until cron has run a job. For other services the language
 * knows no proof.
 */
function verifyWithoutProof(checked: CheckedDraft, stops: readonly DraftStep[]): readonly Problem[] {
  const stop = stops.find((step) => servicesOf(checked, step).some((name) => CRONS.includes(name)));
  const verify = stepsIn(checked, 'verify');
  if (!stop || (checked.draft.root.verify === undefined && verify.length === 0)) return [];
  const watches = verify.filter((step) => verbOf(step) === 'watch');
  if (watches.some((watch) => argOf(watch, WATCH).proof !== undefined)) return [];
  const message = `\`${stop.id ?? 'stop'}\` stopped the source: a calm that is not proven to have seen cron at work proves nothing`;
  const watch = watches[0];
  const complaint = { code: 'verify-without-proof', message, hint: 'add `proof: {cron_minutes: 2}` to a `watch`' };
  return [
    watch ? problemOf(checked, argPath(watch), 'key', complaint) : problemOf(checked, ['verify'], 'key', complaint),
  ];
}
