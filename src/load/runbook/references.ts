import { isObject, type Json } from '../../model/json.ts';
import type { Problem } from '../../model/problem.ts';
import { isReference, referenceName } from '../../model/reference.ts';
import type { COMMAND } from '../../model/runbook/command.ts';
import { type Infer, PARAMETER_TYPES, type ParameterType } from '../../model/runbook/shape.ts';
import type { Sighting } from '../text/shape-check.ts';
import { type Complaint, type Path, pointer, problemAt, type Source } from '../text/source.ts';
import { didYouMean } from '../text/suggest.ts';
import type { Draft, DraftStep } from './draft.ts';
import { isProbe, paramsIn } from './draft.ts';

/** The names that a reference can mean, each once: parameters and steps share one namespace. */
export interface Names {
  readonly params: ReadonlyMap<string, ParameterType | undefined>;
  readonly steps: ReadonlyMap<string, DraftStep>;
}

export function namesOf(draft: Draft): Names {
  return {
    params: new Map(paramsIn(draft).map(([name, json]) => [name, PARAMETER_TYPES.find((type) => type === json.type)])),
    // The first of two steps of one name is meant; the second is told as a duplicate.
    steps: new Map(
      draft.steps
        .filter((step) => step.id !== undefined)
        .map((step) => [step.id ?? '', step] as const)
        .reverse(),
    ),
  };
}

/** A reference in a text, with the step that it stands in. */
export interface Mention extends Sighting {
  readonly from: DraftStep | undefined;
}

/** Every mention that means nothing, something later, or something of another kind. One unknown name is one problem. */
export function checkReferences(source: Source, names: Names, mentions: readonly Mention[]): readonly Problem[] {
  const unknown = new Map<string, Mention[]>();
  const problems = mentions.flatMap((mention) => {
    const complaint = complaintOf(mention, names);
    if (complaint !== 'unknown') return complaint ? [problemAt(source, mention.path, 'value', complaint)] : [];
    unknown.set(mention.reference, [...(unknown.get(mention.reference) ?? []), mention]);
    return [];
  });
  return [...problems, ...[...unknown].map(([name, all]) => unknownReference(source, name, all, names))];
}

function complaintOf(mention: Mention, names: Names): Complaint | 'unknown' | undefined {
  const { reference, allowed } = mention;
  const type = names.params.get(reference);
  if (type === 'secret' && !allowed.params.includes(type)) return misplacedSecret(mention);
  if (names.params.has(reference))
    return type === undefined || allowed.params.includes(type)
      ? undefined
      : wrongKind(mention, `a parameter of type ${type}`);
  const step = names.steps.get(reference);
  if (!step) return isOfLost(reference, names) ? undefined : 'unknown';
  if (step.use?.verb === 'runbook') return usedRunbook(reference);
  if (mention.from && step.order >= mention.from.order) return laterStep(reference, step.order === mention.from.order);
  const verb = step.use?.verb;
  if (verb === undefined || !step.use?.definition) return undefined;
  return isProbe(step.use) && allowed.steps.includes(verb) ? undefined : wrongKind(mention, `a step of \`${verb}\``);
}

/** `$storm.mailers`, if the runbook that `storm` uses could not be read: that is already reported. */
export function isOfLost(reference: string, names: Names): boolean {
  const [head = ''] = reference.split('.', 1);
  if (head === reference || names.steps.get(head)?.use?.verb !== 'runbook') return false;
  return ![...names.steps.keys()].some((id) => id.startsWith(`${head}.`));
}

export function usedRunbook(id: string): Complaint {
  return {
    code: 'reference-of-wrong-kind',
    message: `\`${id}\` uses a runbook; name one of its steps`,
    hint: `\`${id}.\` and the step's id`,
  };
}

export function laterStep(id: string, itself: boolean): Complaint {
  return {
    code: 'reference-to-later-step',
    message: itself ? `\`${id}\` is this very step` : `\`${id}\` comes later; a step knows only those before it`,
  };
}

/** Every user of a machine can read every command line (proc(5), cmdline). */
function misplacedSecret({ reference, path }: Mention): Complaint {
  const hint = 'give it to `run` under `env` or as `stdin`';
  if (path.includes('argv' satisfies keyof Infer<typeof COMMAND>)) {
    const message = `\`$${reference}\` is a secret, and everybody on the host can read a command line`;
    return { code: 'secret-in-argv', message, hint };
  }
  return { code: 'secret-misplaced', message: `\`$${reference}\` is a secret, and would be seen here`, hint };
}

function wrongKind(mention: Mention, is: string): Complaint {
  const { params, steps } = mention.allowed;
  const wanted = [
    params.length > 0 ? `a parameter (${params.join(', ')})` : '',
    steps.length > 0 ? `a step of ${steps.join(', ')}` : '',
  ]
    .filter(Boolean)
    .join(' or ');
  return { code: 'reference-of-wrong-kind', message: `\`$${mention.reference}\` is ${is}; ${wanted} is wanted here` };
}

function unknownReference(source: Source, name: string, mentions: readonly Mention[], names: Names): Problem {
  const first = mentions[0] as Mention;
  const lines = mentions.slice(1).map(({ path }) => source.placeOf(path).line);
  const also = lines.length > 0 ? { hint: `also in line ${lines.join(', ')}` } : {};
  const words = fittingNames(first, names);
  const { allowed, suggestion } = didYouMean(name, words);
  return problemAt(source, first.path, 'value', {
    code: 'unknown-reference',
    message: `no parameter and no earlier step is named \`${name}\``,
    allowed: allowed.map((word) => `$${word}`),
    ...(suggestion !== undefined && { suggestion: `$${suggestion}` }),
    ...also,
  });
}

/** The names that fit here, or all names if none fits. */
function fittingNames(mention: Mention, names: Names): readonly string[] {
  const { params, steps } = mention.allowed;
  const fitting = [
    ...[...names.params].filter(([, type]) => type !== undefined && params.includes(type)).map(([name]) => name),
    ...earlierSteps(names, mention.from)
      .filter((step) => step.use && steps.includes(step.use.verb))
      .map((step) => step.id ?? ''),
  ];
  return fitting.length > 0 ? fitting : [...names.params.keys(), ...names.steps.keys()];
}

export function earlierSteps(names: Names, from: DraftStep | undefined): readonly DraftStep[] {
  return [...names.steps.values()]
    .filter((step) => from === undefined || step.order < from.order)
    .sort((a, b) => a.order - b.order);
}

/** References in free maps, which no shape describes. They are resolved too, so their names must exist. */
export function unseenReferences(value: Json, path: Path, seen: ReadonlySet<string>): readonly Sighting[] {
  const anything = {
    params: ['string', 'integer', 'duration', 'size', 'percent', 'path', 'boolean', 'list'],
    steps: [],
  };
  if (isReference(value))
    return seen.has(pointer(path)) ? [] : [{ path, reference: referenceName(value), allowed: anything }];
  if (Array.isArray(value)) return value.flatMap((item: Json, at) => unseenReferences(item, [...path, at], seen));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    item === undefined ? [] : unseenReferences(item, [...path, key], seen),
  );
}
