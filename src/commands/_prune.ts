import { RETENTION, type Retention } from '../model/run/retention.ts';
import { parseDuration, plural } from '../model/text/quantity.ts';
import { escaped } from '../views/draw/escape.ts';
import type { Pruning } from '../wiring/retention.ts';
import type { Io } from './_command.ts';
import { type CommandResult, DONE, refuse } from './_result.ts';

type Options = Readonly<Record<string, unknown>>;

/** `firebreak runs --prune`. */
export async function pruneHere(io: Io, options: Options): Promise<CommandResult> {
  const terms = termsOf(options);
  if (typeof terms === 'string') return refuse(terms, 'usage');
  const dry = options.dryRun === true;
  const { pruneAll } = await import('../wiring/retention.ts');
  const pruning = pruneAll(io, { terms, dry });
  if (options.json === true) io.stdout(`${JSON.stringify({ dry, ...pruning }, null, 2)}\n`);
  else tell(io, pruning, dry);
  return DONE;
}

/** A sentence: what is wrong. */
function termsOf({ olderThan, keep }: Options): Retention | string {
  const age = typeof olderThan === 'string' ? parseDuration(olderThan) : RETENTION.age;
  if (age === undefined) return `--older-than ${String(olderThan)}: write 90d or 12h`;
  if (keep !== undefined && !/^\d{1,9}$/.test(String(keep))) return `--keep ${String(keep)}: write a whole number`;
  return { age, runs: keep === undefined ? RETENTION.runs : Number(keep) };
}

function tell(io: Io, { removed, kept }: Pruning, dry: boolean): void {
  for (const { run, why } of removed) io.stdout(`${escaped(run)}  ${dry ? 'would go' : 'gone'}: ${why}\n`);
  for (const { run, why } of kept) io.stdout(`${escaped(run)}  kept: ${escaped(why)}\n`);
  io.stderr(
    `${plural(removed.length, 'run')} ${dry ? 'would go; nothing was removed' : 'gone, a line of each is in the tally'}\n`,
  );
}
