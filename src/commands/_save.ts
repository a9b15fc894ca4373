import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import type { Host } from '../model/host.ts';
import type { Plan } from '../model/plan.ts';
import type { MachineThen } from '../model/run/saved-plan.ts';
import { parseDuration, showDuration } from '../model/text/quantity.ts';
import { commandLine } from '../model/text/quote.ts';
import type { Io } from './_command.ts';
import { hostWords, isFleet, wordsOf } from './_limit.ts';
import type { Prepared } from './_prepare.ts';
import { type CommandResult, refuse } from './_result.ts';

type Options = Readonly<Record<string, unknown>>;

/** The life of the machine, and who looks at it. */
export async function machineNow(host: Host): Promise<MachineThen> {
  const { bootId, uptime, uid } = await host.machine.facts();
  return { host: host.name, boot: bootId, uptime: Math.round(uptime), uid };
}

/** How long a plan to be saved is valid, in milliseconds. */
export function validFor({ save, valid }: Options): number | CommandResult {
  if (save === undefined && valid !== undefined) return refuse('--valid goes with --save', 'usage');
  const time = parseDuration(typeof valid === 'string' ? valid : '1h');
  if (time !== undefined && time > 0) return time;
  return refuse(`--valid ${String(valid)}: write 30m or 2h`, 'usage');
}

interface ToSave {
  readonly name: string;
  readonly options: Options;
  readonly prepared: Prepared;
  readonly plan: Plan;
  readonly machine: MachineThen;
  readonly valid: number;
}

/** Writes the plan beside nothing else: the exit code where that failed, null where it is saved. */
export async function savePlan(
  io: Io,
  file: string,
  { name, options, prepared, plan, machine, valid }: ToSave,
): Promise<CommandResult | null> {
  const { identityOf, pinnedOf } = await import('../plan/fingerprint.ts');
  const { sealPlan } = await import('../load/saved-plan.ts');
  const { version } = await import('../wiring/version.ts');
  const { shownAgain } = await import('../views/tell/saved-plan.ts');
  const { drawJson } = await import('../views/draw/json.ts');
  const { secondOf } = await import('../views/tell/clock.ts');
  const { writeNew } = await import('../wiring/saved-plan.ts');
  const { runbook, params, policy } = prepared;
  const saved = sealPlan({
    firebreak: 'plan',
    format: 1,
    nonce: randomUUID(),
    at: new Date(plan.at).toISOString(),
    until: new Date(plan.at + valid).toISOString(),
    valid,
    by: io.user,
    machine,
    asked: {
      runbook: name,
      params: wordsOf(options.param),
      limits: prepared.limits,
      policy: policy?.source.path ?? null,
    },
    identity: identityOf({ tool: version(), runbook, params, policy: policy?.source.hash ?? null }),
    pinned: pinnedOf(plan),
    texts: { runbook: runbook.source.text, policy: policy && (await textWithHash(policy.source)) },
    plan: shownAgain(plan),
  });
  const written = writeNew(resolve(io.cwd, file), drawJson({ record: () => saved }));
  if (!written.ok) return refuse(written.message, written.code === 'EEXIST' ? 'usage' : 'no-journal');
  io.stderr(
    `firebreak: saved in ${file}, to be run once within ${showDuration(valid)}, until ${secondOf(saved.until)}\n`,
  );
  return null;
}

/** The text of those very bytes: only to name a line later, so one that was changed in this moment is left out. */
async function textWithHash({ path, hash }: { readonly path: string; readonly hash: string }): Promise<string | null> {
  const { readText } = await import('../wiring/library.ts');
  const { hashOfText: hashOf } = await import('../load/text/hash.ts');
  const text = readText(path);
  return typeof text === 'string' && hashOf(text) === hash ? text : null;
}

/** What to type to run what was planned. */
export function commandFor(name: string, options: Options): string {
  const { param, limit, policy, save, plan } = options;
  const decided = policy === undefined ? [] : ['--unattended', '--policy', String(policy)];
  const file = save ?? plan;
  if (file !== undefined)
    return commandLine(['firebreak', 'run', '--plan', String(file), ...hostOf(options), ...decided]);
  const given = (flag: string, words: unknown) => wordsOf(words).flatMap((word) => [flag, word]);
  return commandLine([
    'firebreak',
    'run',
    name,
    ...given('--param', param),
    ...given('--limit', limit),
    ...hostOf(options),
    ...decided,
  ]);
}

/** One host; those of a fleet are named by whoever runs it. */
const hostOf = (options: Options): readonly string[] => (isFleet(options) ? [] : hostWords(options));
