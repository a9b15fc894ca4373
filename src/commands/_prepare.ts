import { resolve } from 'node:path';
import type { Json } from '../model/json.ts';
import type { OutcomeName } from '../model/outcome.ts';
import type { Policy } from '../model/policy.ts';
import type { Catalogue } from '../model/ports.ts';
import type { Problem } from '../model/problem.ts';
import { LIMITS, type LimitName, type Limits, type Runbook } from '../model/runbook.ts';
import { parseDuration } from '../model/text/quantity.ts';
import type { CommandOption, Io } from './_command.ts';
import { LIMIT_OPTION, limitWords } from './_limit.ts';
import { type CommandResult, hasEnded, refuse } from './_result.ts';
import { TRUST_OPTION, trustNotes, whyUntrusted } from './_trust.ts';

/** What plan and run are asked with. */
export const REQUEST_OPTIONS: readonly CommandOption[] = [
  { flags: '-p, --param <name=value>', about: 'a parameter of the runbook; may be given again', repeatable: true },
  { flags: '--policy <file>', about: 'what automation may do without asking' },
  TRUST_OPTION,
  LIMIT_OPTION,
];

export interface Prepared {
  readonly runbook: Runbook;
  readonly params: Readonly<Record<string, Json>>;
  /** Words of --limit that raise a limit, as they were typed. */
  readonly limits: readonly string[];
  readonly raised: Limits;
  readonly policy: Policy | null;
  readonly catalogue: Catalogue;
  /** For the journal: the files that were trusted only because a person said so. */
  readonly notes: readonly string[];
}

/** Reads what was asked for; what is wrong has been said on stderr and the exit code is returned instead. */
export async function prepare(
  io: Io,
  name: string,
  options: Readonly<Record<string, unknown>>,
  chosen: { readonly limits: readonly string[] } | null = null,
): Promise<Prepared | CommandResult> {
  const { limits } = chosen ?? limitWords(options);
  const { readRunbook, readText } = await import('../wiring/library.ts');
  const { trustedReader } = await import('../wiring/trusted.ts');
  const { folderCatalogue } = await import('../wiring/catalogue.ts');
  const { bindParams } = await import('../load/runbook/params.ts');
  const { closest } = await import('../load/text/suggest.ts');
  const catalogue = folderCatalogue();
  const reader = trustedReader(io.uid);
  const read = await readRunbook(name, io.cwd, { catalogue, readText: reader.readText });
  if (typeof options.policy === 'string') reader.read(resolve(io.cwd, options.policy));
  const untrusted = whyUntrusted(io, reader, options);
  if (untrusted !== null) return untrusted;
  if (read.ok === 'missing') return refuse(read.message, 'no-such-file');
  if (!read.ok) return refuseProblems(io, read.problems, readText);
  const bare = bareName(
    options.param,
    read.value.params.map((param) => param.name),
  );
  if (bare !== undefined) return refuse(`--param ${bare}: write NAME=VALUE, ${bare}=...`, 'usage');
  const params = bindParams(read.value, pairs(options.param));
  if (!params.ok) return refuseProblems(io, params.problems, readText, 'usage');
  const raised = raisedLimits(pairs(limits), closest);
  if (typeof raised === 'string') return refuse(raised, 'usage');
  const policy = await policyFrom(io, options.policy, { readText: reader.readText, catalogue });
  if (hasEnded(policy)) return policy;
  if (policy && Object.keys(raised).length > 0)
    return refuse('--limit is for attended runs; the policy says how far automation may go', 'usage');
  return { runbook: read.value, params: params.value, limits, raised, policy, catalogue, notes: trustNotes(reader) };
}

type Read = (path: string) => string | { readonly code: string };
interface Reading {
  readonly readText: Read;
  readonly catalogue: Catalogue;
}

async function policyFrom(
  io: Io,
  path: unknown,
  { readText, catalogue }: Reading,
): Promise<Policy | null | CommandResult> {
  if (typeof path !== 'string') return null;
  const { loadPolicy } = await import('../load/policy.ts');
  const full = resolve(io.cwd, path);
  const text = readText(full);
  if (typeof text !== 'string')
    return refuse(`the policy ${(await import('../hosts/read-text.ts')).sayUnread(full, text.code)}`, 'no-such-file');
  const policy = await loadPolicy({ path: full, text, catalogue });
  return policy.ok ? policy.value : refuseProblems(io, policy.problems, readText);
}

/** Mistakes, each drawn with its line. */
export async function refuseProblems(
  { color, columns }: Io,
  problems: readonly Problem[],
  readText: Read,
  outcome: OutcomeName = 'invalid-runbook',
): Promise<CommandResult> {
  const { renderProblems } = await import('../views/problem.ts');
  const textOf = (file: string) => {
    const text = readText(file);
    return typeof text === 'string' ? text : undefined;
  };
  return { outcome, drawn: renderProblems(problems, { textOf, color: color.stderr, columns }) };
}

/** A name without a value would be empty: nobody means that. Of two values the later is taken, as wrappers expect. */
function bareName(given: unknown, names: readonly string[]): string | undefined {
  return Array.isArray(given) ? (given as readonly string[]).find((word) => names.includes(word)) : undefined;
}

/** `name=value` words; a word without `=` keeps an empty value: no parameter has its name. */
function pairs(given: unknown): Readonly<Record<string, string>> {
  const words = Array.isArray(given) ? (given as readonly string[]) : [];
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=');
      return at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}

function raisedLimits(
  given: Readonly<Record<string, string>>,
  closest: (typed: string, words: readonly string[]) => string | undefined,
): Limits | string {
  const raised: Partial<Record<LimitName, number>> = {};
  for (const [name, value] of Object.entries(given)) {
    if (!(LIMITS as readonly string[]).includes(name)) {
      const near = closest(name, LIMITS);
      const meant =
        near === undefined ? 'hosts to choose from are named with --hosts or --inventory' : `did you mean ${near}?`;
      return `--limit ${name}: the limits are ${LIMITS.join(', ')}; ${meant}`;
    }
    const number = name === 'stopped_for' ? parseDuration(value) : /^\d+$/.test(value) ? Number(value) : undefined;
    if (number === undefined)
      return `--limit ${name}=${value}: write ${name === 'stopped_for' ? '45m' : 'a whole number'}`;
    raised[name as LimitName] = number;
  }
  return raised;
}
