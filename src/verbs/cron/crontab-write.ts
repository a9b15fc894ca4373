import type { FileContent } from '../../model/host.ts';
import { plural } from '../../model/text/quantity.ts';
import { type Act, type Applied, acted, notActed, type Undo } from '../../model/verb.ts';
import { AFTER, BEFORE, bodyOf, type CrontabTarget, installCrontab, keptAs, readOne } from './crontab-files.ts';
import { unreadable } from './jobs.ts';

/** Writes crontabs and puts them back, each guarded by what was seen; what was really written is what undo knows. */

export function undoOf(targets: readonly CrontabTarget[], installWith: string): Undo {
  if (targets.length === 0) return { kind: 'nothing' };
  const say = `put back ${targets.map((target) => target.path).join(', ')}`;
  return { kind: 'revert', say, data: { files: targets.map((target) => ({ ...target })), install_with: installWith } };
}

export function refuseToWrite(reason: string): Applied {
  return notActed('nothing was written', reason, { undo: { kind: 'nothing' } });
}

/**
 * Every file is looked at before the first is written. One that already holds what is wanted (a second try) is fine.
 */
export async function firstChanged(act: Act, targets: readonly CrontabTarget[]): Promise<string | null> {
  for (const target of targets) {
    const now = await readOne(act, target.path);
    if (!now.ok) return unreadable(target.path, now);
    if (now.hash !== target.hash && !(await holds(act, now, target, AFTER))) return changedSince(target);
  }
  return null;
}

const changedSince = ({ path }: CrontabTarget): string =>
  `${path} was changed by somebody since it was looked at; look again`;

async function holds(
  act: Act,
  now: FileContent & { ok: true },
  target: CrontabTarget,
  when: typeof BEFORE | typeof AFTER,
): Promise<boolean> {
  return bodyOf(now.bytes) === bodyOf(await act.recall(keptAs(when, target.path)));
}

export async function writeCrontabs(
  act: Act,
  targets: readonly CrontabTarget[],
  installWith: string,
): Promise<Applied> {
  const written: CrontabTarget[] = [];
  for (const [index, target] of targets.entries()) {
    if (act.signal.aborted) return writtenSoFar('partial', written, targets, installWith, 'interrupted');
    act.progress({ done: index, total: targets.length, text: target.path });
    const now = await readOne(act, target.path);
    if (!now.ok) return writtenSoFar('failed', written, targets, installWith, unreadable(target.path, now));
    if (await holds(act, now, target, AFTER)) continue;
    // crontab(1) knows nothing of what was seen: whoever edited it meanwhile would lose that.
    if (now.hash !== target.hash) return writtenSoFar('failed', written, targets, installWith, changedSince(target));
    const result = await installCrontab(act, target, await act.recall(keptAs(AFTER, target.path)), installWith);
    // A file that reads back differently was written all the same, so undo must know it.
    if (result.ok || result.code === 'different') written.push(target);
    if (!result.ok) return writtenSoFar('failed', written, targets, installWith, result.message);
  }
  return writtenSoFar('done', written, targets, installWith);
}

function writtenSoFar(
  outcome: Applied['outcome'],
  written: readonly CrontabTarget[],
  targets: readonly CrontabTarget[],
  installWith: string,
  why?: string,
): Applied {
  const rest = targets.filter((target) => !written.includes(target)).map((target) => target.path);
  const reason =
    why === undefined || written.length === 0
      ? why
      : `${why}; written: ${written.map((target) => target.path).join(', ')}; not written: ${rest.join(', ')}`;
  const summary =
    outcome === 'done'
      ? `${plural(written.length, 'crontab')} written`
      : `${written.length} of ${plural(targets.length, 'crontab')} written`;
  const applied: Applied = {
    outcome,
    summary,
    used: { edit: written.length },
    blocks: [],
    undo: undoOf(written, installWith),
  };
  return reason === undefined ? applied : { ...applied, reason };
}

// ---------------------------------------------------------------- undo

export async function restoreAll(act: Act, targets: readonly CrontabTarget[], installWith: string): Promise<Applied> {
  const kept: string[] = [];
  let restored = 0;
  for (const target of targets) {
    const why = await restoreOne(act, target, installWith);
    if (why === null) restored += 1;
    else kept.push(why);
  }
  const summary = `${restored} of ${plural(targets.length, 'crontab')} put back`;
  return kept.length === 0 ? acted(summary) : notActed(summary, kept.join('; '));
}

/** Null: it is as it was before. */
async function restoreOne(act: Act, target: CrontabTarget, installWith: string): Promise<string | null> {
  const now = await readOne(act, target.path);
  if (!now.ok) return unreadable(target.path, now);
  const before = await act.recall(keptAs(BEFORE, target.path));
  if (now.bytes === before) return null;
  if (await holds(act, now, target, BEFORE)) return toTheByte(act, target, now.hash, before);
  if (!(await holds(act, now, target, AFTER))) return `${target.path} was changed by somebody since, it is left alone`;
  const result = await installCrontab(act, { ...target, hash: now.hash }, before, installWith);
  return result.ok ? toTheByte(act, target, result.hash, before) : result.message;
}

/**
 * Debian's crontab writes a header of its own into what it installs (the time, its version), so what it put back is not
 * what was there. Only after it has checked, installed and told cron (it touches the spool's folder) are the bytes of
 * before laid over it: to cron both are the same jobs.
 */
async function toTheByte(act: Act, target: CrontabTarget, hash: string, bytes: string): Promise<string | null> {
  if (target.kind !== 'user' || target.how === 'in-place') return null;
  const written = await act.host.files.replace(target.path, { before: hash, bytes });
  return written.ok
    ? null
    : `${target.path} holds the same jobs as before, but its first lines are crontab's own: ${written.message}`;
}
