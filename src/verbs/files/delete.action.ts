import { DELETE } from '../../model/arguments.ts';
import {
  asideTable,
  asideText,
  FILES,
  type FilesSeen,
  fileSelectorOf,
  filesTable,
  handleIn,
  handleJson,
  heldText,
  othersText,
  ownersTable,
  showAge,
  shownName,
} from '../../model/host/files.ts';
import type { DeleteResult, FileHandle, FileSelector } from '../../model/host.ts';
import { vitalFolder, vitalReason } from '../../model/policy/danger.ts';
import { read } from '../../model/read.ts';
import type { Infer } from '../../model/runbook/shape.ts';
import { plural, showCount, showDuration, showSize } from '../../model/text/quantity.ts';
import {
  type Act,
  type Applied,
  cannot,
  change,
  defineAction,
  type Look,
  notActed,
  nothingToDo,
  type Observation,
  type Undo,
} from '../../model/verb.ts';
import { findCommand } from './find-command.ts';

const SAMPLE = 20;
const DEFAULT_BATCH = 1000;
/** ext4, names as Postfix makes them: 60 000 to 75 000 a second on an idle machine, half of that on a busy one. */
const FILES_A_SECOND = 40_000;

export default defineAction({
  summary: 'delete the files of a directory, in batches',
  about:
    'Deletes the direct entries of one directory that match, through one descriptor of the directory that was looked at: a link or another directory swapped in for it is refused. ' +
    'No link is followed on the way there but what root or we made where nobody else can change it, and nothing is deleted in a folder that the system itself lives on (/etc, /usr, the package manager, databases …), whatever it is called or wherever else it is mounted. ' +
    'Only regular files, unless another type is asked for by name; never a directory, nothing is followed, nothing recursed. Type, age and owner of each are checked again at the moment of use. ' +
    'It ends at the end of a batch when it is interrupted, never takes more than the limit `delete` allows, and fails when files arrive faster than they go: then their source still runs.',
  schema: DELETE,
  example: { targets: '$mail', batch: 1000 },
  needs: [],
  idempotent: true,
  forGood: true,
  reserves: ['delete'],
  observe,
  apply,
  revert: async () => notActed('nothing was undone', BECAUSE),
});

const BECAUSE = 'a deleted file cannot be brought back';

type Arg = Infer<typeof DELETE>;

/** Regular files unless the author named another type. */
function selectorOf({ targets, files }: Arg): FileSelector {
  const selector = fileSelectorOf(files ?? read(FILES, targets?.selector));
  return { ...selector, type: selector.type ?? ['file'] };
}

// ---------------------------------------------------------------- observe

async function observe({ host, clock }: Look, arg: Arg): Promise<Observation> {
  const selector = selectorOf(arg);
  if (selector.type?.includes('directory'))
    return cannot(`delete files in ${selector.in}`, 'a directory is never deleted: ask for another type');
  const seen = await host.files.list(selector, { sample: SAMPLE, held: true });
  if (!seen.ok) return cannot(`delete files in ${selector.in}`, couldNotLook(selector.in, seen.message));
  if (seen.vital !== null) return cannot(`delete files in ${seen.real}`, vitalReason(seen.real, seen.vital));
  const before = handleIn(arg.targets?.found ?? null);
  if (before && !isSameDirectory(before, seen.handle)) {
    return cannot(
      `delete files in ${selector.in}`,
      'the directory was swapped for another one since the step looked at it: nothing is deleted before somebody has found out why',
    );
  }
  const aside = asideText(seen.aside);
  const most = mostOf(arg, before, seen);
  if (seen.count === 0)
    return nothingToDo(`no such file in ${seen.real}${aside === '' ? '' : `; ${aside}`}`, {
      blocks: asideTable(seen.aside),
    });
  if (most === 0) return nothingToDo(`as many as this step may take are gone already from ${seen.real}`);
  return observationOf(seen, { before, asked: selector.in, now: clock.now(), most });
}

/**
 * Files that have gone since the look count: a first part that is resumed after a crash must not take a second part.
 */
function mostOf({ at_most: most }: Arg, before: FileHandle | null, { count }: FilesSeen): number {
  return most === undefined ? Number.POSITIVE_INFINITY : Math.max(0, most - Math.max(0, (before?.count ?? 0) - count));
}

/** Of files of which no more is known: so many times their mean size. */
const partOf = ({ count, bytes }: FilesSeen, some: number): number =>
  some >= count ? bytes : Math.round((bytes / count) * some);

function couldNotLook(folder: string, message: string): string {
  const vital = vitalFolder(folder);
  return vital === null
    ? `could not look: ${message}`
    : `${vitalReason(folder, vital)}; and it could not be looked at: ${message}`;
}

const isSameDirectory = (a: FileHandle, b: FileHandle): boolean => a.device === b.device && a.inode === b.inode;

interface Asked {
  /** What the step saw. */
  readonly before: FileHandle | null;
  /** The folder as it was named. */
  readonly asked: string;
  readonly now: number;
  /** The most files that this step deletes. */
  readonly most: number;
}

function observationOf(seen: FilesSeen, { before, asked, now, most }: Asked): Observation {
  const count = Math.min(seen.count, most);
  const bytes = partOf(seen, count);
  const files = count < seen.count ? `${showCount(count)} of ${plural(seen.count, 'file')}` : plural(count, 'file');
  const { selector } = seen.handle;
  const aside = asideText(seen.aside);
  return change(`delete ${files} (${showSize(bytes)}) in ${selector.in}${aside === '' ? '' : `; ${aside}`}`, {
    targets: {
      kind: 'files',
      count,
      bytes,
      members: seen.sample.map((record) => shownName(record.name)),
      detail: { handle: handleJson(seen.handle) },
    },
    state: { now: plural(seen.count, 'file'), after: count < seen.count ? plural(seen.count - count, 'file') : 'none' },
    blocks: [
      ownersTable(seen),
      ...asideTable(seen.aside),
      filesTable(`a sample of ${plural(seen.count, 'file')}`, seen.sample, now),
    ],
    undo: { kind: 'irreversible', because: BECAUSE, evidence: evidenceOf(seen, now) },
    predicts: [{ kind: 'files-gone', in: selector.in, count, bytes }],
    costs: { delete: count },
    explain: explain(selector, count < seen.count ? count : null),
    estimate: 100 + Math.ceil((count * 1000) / FILES_A_SECOND),
    warnings: [...(asked === seen.real ? [] : [`${asked} leads to ${seen.real}`]), ...warningsOf(seen, before)],
  });
}

/** find(1) reads no header: what it names is looked at before it goes. */
function explain(selector: FileSelector, most: number | null): readonly string[] {
  if (selector.holds) return [`${findCommand(selector)}    # look into each; delete only those that hold it`];
  return [
    most === null
      ? findCommand(selector, '-delete')
      : `${findCommand(selector, '-print0')} | head -z -n ${most} | xargs -0 rm -f --`,
  ];
}

function evidenceOf(seen: FilesSeen, now: number): string {
  const { handle, oldest, newest, owners, sample } = seen;
  const ages = oldest === null || newest === null ? '' : `, ${showAge(newest, now)} to ${showAge(oldest, now)} old`;
  const by = owners.slice(0, 5).map(({ user, count }) => `${showCount(count)} of ${user}`);
  const names = sample.slice(0, 10).map((record) => JSON.stringify(shownName(record.name)));
  return (
    `${plural(seen.count, 'file')}, ${showSize(seen.bytes)}${ages}; ${by.join(', ')}${owners.length > 5 ? ' …' : ''}; ` +
    `directory ${handle.device}:${handle.inode}; for example ${names.join(', ')}`
  );
}

function warningsOf(seen: FilesSeen, before: FileHandle | null): readonly string[] {
  const more = before ? seen.count - before.count : 0;
  const others = othersText(seen.others);
  const linked = seen.sample.filter((record) => record.links > 1).length;
  return [
    ...(more > 0 ? [`${plural(more, 'file')} more than when the step looked`] : []),
    ...(heldText(seen.held, false) === '' ? [] : [heldText(seen.held, false)]),
    ...(others === '' ? [] : [`also in the directory, left alone: ${others}`]),
    ...(linked > 0
      ? [
          `${linked} of ${seen.sample.length} sampled have another name elsewhere (hard links): deleting them frees nothing`,
        ]
      : []),
  ];
}

// ---------------------------------------------------------------- apply

async function apply(act: Act, { at_most, batch }: Arg, observation: Observation): Promise<Applied> {
  const handle = handleIn(observation.targets.detail);
  if (!handle) return notActed('nothing was deleted', 'the directory was not looked at', { undo: { kind: 'nothing' } });
  const started = act.clock.monotonic();
  const most = at_most === undefined ? Number.POSITIVE_INFINITY : observation.targets.count;
  const limit = act.allowance('delete');
  const step = reserveBy({ batch, limit, count: handle.count });
  const result = await act.host.files.delete(handle, {
    batch: Math.min(batch, step),
    limit: Math.min(limit, most),
    reserve: reserving(act, step, limit),
    signal: act.signal,
    progress: ({ done, total, rate }) => act.progress({ done, total, rate, text: progressText(done, total, rate) }),
  });
  return result.ok
    ? appliedOf(asMeant(result, most), handle, {
        took: act.clock.monotonic() - started,
        evidence: evidenceIn(observation.undo),
      })
    : notActed('nothing was deleted', result.message, { undo: { kind: 'nothing' } });
}

/** At most so many journal lines a delete, each of which is synced, however small its batches are. */
const MOST_RESERVED = 200;

/**
 * How many files are reserved at a time, in the journal, before they go. After a crash so many may count that did not
 * go: where the limit leaves little room it is a part of that room, so that a resume can still finish; but never less
 * than half a hundredth of all.
 */
function reserveBy({
  batch,
  limit,
  count,
}: {
  readonly batch: number;
  readonly limit: number;
  readonly count: number;
}): number {
  const room = Number.isFinite(limit) ? Math.floor((limit - count) / 4) : DEFAULT_BATCH;
  return Math.max(1, Math.ceil(count / MOST_RESERVED), Math.min(Math.max(batch, DEFAULT_BATCH), room));
}

/** Durable before the batch: what was reserved already is not written again. */
function reserving(act: Act, step: number, limit: number): (count: number) => Promise<void> {
  let reserved = 0;
  return async (count) => {
    if (count <= reserved) return;
    reserved = Math.min(limit, Math.max(count, reserved + step));
    await act.reserve?.('delete', reserved);
  };
}

function progressText(done: number, total: number, rate: number): string {
  const left = rate > 0 && total > done ? `, ${showDuration(((total - done) * 1000) / rate)} left` : '';
  return `${showCount(done)} of ${plural(total, 'file')}, ${showCount(rate)} a second${left}`;
}

type Deleted = Extract<DeleteResult, { ok: true }>;

/** Files that the author leaves for a later step are not counted as left over. */
function asMeant(result: Deleted, most: number): Deleted {
  return result.ended === 'limit' && result.deleted >= most ? { ...result, ended: 'clean', left: 0 } : result;
}

function appliedOf(
  deleted: Deleted,
  handle: FileHandle,
  { took, evidence }: { readonly took: number; readonly evidence: string },
): Applied {
  const judged = judge(deleted, took);
  const aside = asideText(deleted.aside, 'stayed');
  const undo: Undo =
    deleted.deleted === 0
      ? { kind: 'nothing' }
      : {
          kind: 'irreversible',
          because: BECAUSE,
          evidence: `${plural(deleted.deleted, 'file')} deleted, ${showSize(deleted.bytes)}; seen before: ${evidence}`,
        };
  return {
    ...judged,
    summary: `deleted ${plural(deleted.deleted, 'file')} (${showSize(deleted.bytes)}) in ${handle.selector.in} in ${showDuration(took)}${[aside, linkedText(deleted), heldText(deleted.held, true)].map((text) => (text === '' ? '' : `; ${text}`)).join('')}`,
    used: { delete: deleted.deleted },
    blocks: [...asideTable(deleted.aside), ...skippedBlock(deleted)],
    undo,
  };
}

/** Their bytes are not counted as freed. */
function linkedText({ linked = 0 }: Deleted): string {
  return linked === 0
    ? ''
    : `${showCount(linked)} of them ${linked === 1 ? 'has' : 'have'} another name elsewhere (hard links), which frees nothing`;
}

const evidenceIn = (undo: Undo): string => (undo.kind === 'irreversible' ? undo.evidence : '');

function judge({ ended, left, arrived, skipped, deleted }: Deleted, took: number): Pick<Applied, 'outcome' | 'reason'> {
  const remain = `${plural(left, 'file')} ${left === 1 ? 'is' : 'are'} left`;
  switch (ended) {
    case 'clean': {
      if (left === 0) return { outcome: 'done' };
      return {
        outcome: deleted === 0 ? 'failed' : 'partial',
        reason: `${remain} that could not be deleted: ${skippedText(skipped)}`,
      };
    }
    case 'refilling':
      return {
        outcome: 'failed',
        reason: `files arrive faster than they go: ${showCount(arrived)} new in ${showDuration(took)}; the source still runs (${remain})`,
      };
    case 'limit':
      return { outcome: 'partial', reason: `the limit of files to delete is used up: ${remain}` };
    case 'interrupted':
      return { outcome: 'partial', reason: `interrupted at the end of a batch: about ${remain}` };
  }
}

/** The first few by name, those of one reason together. */
function skippedText(skipped: Deleted['skipped']): string {
  if (skipped.length === 0) return 'no reason known';
  const reasons = [...Map.groupBy(skipped, ({ reason }) => reason)].slice(0, 3);
  return reasons
    .map(([reason, of]) => {
      const names = of.slice(0, 3).map(({ name }) => JSON.stringify(shownName(name)));
      return `${names.join(', ')}${of.length > 3 ? ' and others' : ''}: ${reason}`;
    })
    .join('; ');
}

function skippedBlock({ skipped }: Deleted): Applied['blocks'] {
  if (skipped.length === 0) return [];
  return [
    {
      kind: 'table',
      title: 'left alone',
      columns: ['name', 'why'],
      rows: skipped.map(({ name, reason }) => [shownName(name), reason]),
    },
  ];
}
