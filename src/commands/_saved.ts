import { resolve } from 'node:path';
import type { Host } from '../model/host.ts';
import type { Difference, SavedPlan } from '../model/run/saved-plan.ts';
import type { Io } from './_command.ts';
import { wordsOf } from './_limit.ts';
import type { Prepared } from './_prepare.ts';
import { refuseProblems } from './_prepare.ts';
import { type CommandResult, refuse } from './_result.ts';
import { machineNow } from './_save.ts';
import { trustNotes, whyUntrusted } from './_trust.ts';

type Options = Readonly<Record<string, unknown>>;

/**
 * A plan that is carried out must be ours alone; a plan that is only shown may be anybody's. Mistakes are already
 * reported.
 */
export async function readSaved(
  io: Io,
  file: string,
  why: { readonly toRun: Options } | 'to-show',
): Promise<SavedPlan | CommandResult> {
  const { authorOf, readAny, readOwnPlan: readOwn } = await import('../wiring/saved-plan.ts');
  const { loadSavedPlan } = await import('../load/saved-plan.ts');
  const { trustedReader } = await import('../wiring/trusted.ts');
  const path = resolve(io.cwd, file);
  const reader = trustedReader(io.uid);
  const read = why === 'to-show' ? readAny(path) : readOwn(path, reader);
  if (!read.ok)
    return refuse(read.message, ['not-a-file', 'ELOOP'].includes(read.code) ? 'refused-by-policy' : 'no-such-file');
  const untrusted = why === 'to-show' ? null : whyUntrusted(io, reader, why.toRun);
  if (untrusted !== null) return untrusted;
  const loaded = await loadSavedPlan({ path, text: read.text });
  if (loaded.ok) return { ...loaded.value, by: await authorOf(path, loaded.value, io) };
  const changed = loaded.problems.every(({ code }) => code === 'changed-plan');
  return refuseProblems(io, loaded.problems, () => read.text, changed ? 'plan-mismatch' : 'invalid-runbook');
}

/** For the journal, where the plan was trusted at a person's word. */
export async function planNotes(io: Io, file: unknown): Promise<readonly string[]> {
  if (typeof file !== 'string') return [];
  const { trustedReader } = await import('../wiring/trusted.ts');
  const reader = trustedReader(io.uid);
  reader.read(resolve(io.cwd, file));
  return trustNotes(reader);
}

/** The options that were saved with the plan, followed by those that are typed now. */
export function askedAgain(saved: SavedPlan, options: Options): Options {
  const policy =
    options.policy ?? (options.unattended === true || options.diff !== undefined ? saved.asked.policy : undefined);
  const { policy: _, ...rest } = options;
  return {
    ...rest,
    param: [...saved.asked.params, ...wordsOf(options.param)],
    limit: [...saved.asked.limits, ...wordsOf(options.limit)],
    ...(typeof policy === 'string' && { policy }),
  };
}

/** The differences that are known before the runbook is read: the program, and the lines of runbook and policy. */
export async function changedTexts(
  io: Io,
  saved: SavedPlan,
  asked: { readonly name: string; readonly options: Options },
): Promise<readonly Difference[]> {
  const { readText, runbookPath } = await import('../wiring/library.ts');
  const { ownDifferences, textDifferences } = await import('../plan/text-differences.ts');
  const { version } = await import('../wiring/version.ts');
  const changed = (path: string, planned: string | null, compare: typeof textDifferences): readonly Difference[] => {
    const now = readText(path);
    return planned === null || typeof now !== 'string' ? [] : compare(path, planned, now);
  };
  const path = runbookPath(asked.name, io.cwd);
  const tool = saved.identity.find(({ name }) => name === 'firebreak')?.value ?? null;
  const runbook = changed(path, saved.texts.runbook, ownDifferences);
  const other = runbook.length > 0 && path !== saved.plan.runbook.path;
  return [
    ...(tool === version() ? [] : [{ name: 'firebreak', planned: tool, now: version() }]),
    ...(other ? [{ name: 'runbook', planned: saved.plan.runbook.path, now: path }] : runbook),
    ...(typeof asked.options.policy === 'string'
      ? changed(resolve(io.cwd, asked.options.policy), saved.texts.policy, textDifferences)
      : []),
  ];
}

/** Null: nothing differs. */
export async function whyDifferent(differences: readonly Difference[]): Promise<CommandResult | null> {
  if (differences.length === 0) return null;
  return refuse((await import('../views/tell/saved-plan.ts')).sayMismatch(differences), 'plan-mismatch');
}

/** Compares the request as it is now with the saved one. */
export async function changedIdentity(
  saved: SavedPlan,
  { runbook, params, policy }: Prepared,
): Promise<readonly Difference[]> {
  const { differences, identityOf } = await import('../plan/fingerprint.ts');
  const { runbookDifferences } = await import('../plan/text-differences.ts');
  const { version } = await import('../wiring/version.ts');
  const lines = runbookDifferences(runbook.source.path, saved.texts.runbook, runbook.source.text);
  const identity = differences(
    saved.identity,
    identityOf({ tool: version(), runbook, params, policy: policy?.source.hash ?? null }),
  );
  return [...lines, ...identity];
}

/** Of another host, expired, used: one sentence; null: it may be compared. */
export async function whyUnusable(io: Io, saved: SavedPlan, host: Host): Promise<string | null> {
  const { sayUsed, unusable } = await import('../plan/usable.ts');
  const { planUse } = await import('../wiring/saved-plan.ts');
  const elsewhere = unusable(saved, await machineNow(host));
  if (elsewhere !== null) return elsewhere;
  const use = planUse(io, saved);
  return use && sayUsed(saved, use);
}
