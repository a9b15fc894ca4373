import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import type { Catalogue } from '../../model/ports.ts';
import type { Checked, Problem } from '../../model/problem.ts';
import { unchecked } from '../../model/read.ts';
import { isReference, referenceName, referencesIn } from '../../model/reference.ts';
import {
  isAction,
  LIMITS,
  type Limits,
  type OpenItem,
  type Parameter,
  type Runbook,
  type Step,
} from '../../model/runbook.ts';
import { secretReference } from '../../model/secret.ts';
import { type Complaint, type Path, problemAt } from '../text/source.ts';
import { didYouMean } from '../text/suggest.ts';
import type { Draft, DraftStep } from './draft.ts';
import { type Given, graft } from './graft.ts';
import { USABLE, USE } from './language.ts';
import type { Mention } from './references.ts';
import { checkValue } from './values.ts';

/**
 * Finds the text of a used runbook by the `name` that is written in the file `from`. A string tells why there is none.
 */
export type FindUsed = (name: string, from: string) => { readonly path: string; readonly text: string } | string;

export interface Composing {
  readonly catalogue: Catalogue;
  readonly findUsed?: FindUsed;
  /** The files that use one another, this one last. */
  readonly chain: readonly string[];
  readonly load: (
    file: { readonly path: string; readonly text: string },
    chain: readonly string[],
  ) => Promise<Checked<Runbook>>;
}

/** A draft with the steps of the runbooks that it uses, and what these bring besides. */
export interface Composed {
  readonly draft: Draft;
  readonly problems: readonly Problem[];
  readonly mentions: readonly Mention[];
  readonly open: readonly OpenItem[];
  readonly limits: readonly Limits[];
  /** The texts of the used runbooks, by the names that the runbook uses for them. */
  readonly texts: readonly { readonly name: string; readonly text: string }[];
}

/** No deeper: at night nobody could read any more what the run will do. */
const DEEPEST = 3;

/**
 * Puts the steps of each used runbook where they belong: its diagnosis behind ours, its acts in the step's place, its
 * verification behind ours.
 */
export async function compose(draft: Draft, composing: Composing): Promise<Composed> {
  const reader = new Composer(draft, composing);
  for (const step of draft.steps)
    if (step.use?.verb === 'runbook' && !step.use.misplaced) await reader.use(step, step.use.arg);
  return { ...reader, draft: { ...draft, steps: inOrder(draft.steps, reader.grafted) } };
}

class Composer {
  readonly problems: Problem[] = [];
  readonly mentions: Mention[] = [];
  readonly open: OpenItem[] = [];
  readonly limits: Limits[] = [];
  readonly texts: { readonly name: string; readonly text: string }[] = [];
  readonly grafted = new Map<DraftStep, readonly DraftStep[]>();
  readonly #draft: Draft;
  readonly #composing: Composing;

  constructor(draft: Draft, composing: Composing) {
    this.#draft = draft;
    this.#composing = composing;
  }

  async use(step: DraftStep, arg: Json): Promise<void> {
    const { use: name, with: given = {} } = unchecked(USE, arg);
    if (typeof name !== 'string' || !new RegExp(USABLE).test(name) || step.id === undefined || !isObject(given)) return;
    const runbook = await this.#loaded(step, name);
    if (!runbook) return;
    const { steps, open } = graft(step.id, runbook, this.#bind(step, runbook, given));
    this.grafted.set(step, await Promise.all(steps.map((one) => this.#draftOf(one, step))));
    this.open.push(...open);
    this.limits.push(runbook.limits);
    this.texts.push({ name, text: runbook.source.text });
  }

  async #loaded(step: DraftStep, name: string): Promise<Runbook | undefined> {
    const { findUsed, chain, load } = this.#composing;
    const at: Path = [...step.path, 'runbook', 'use'];
    const refuse = (code: string, message: string): undefined => this.#complain(at, 'value', { code, message });
    const file = findUsed?.(name, this.#draft.source.file) ?? 'other runbooks are not to be had here';
    if (typeof file === 'string') return refuse('no-such-runbook', file);
    if (chain.includes(file.path))
      return refuse('runbook-cycle', `it uses itself: ${[...chain, file.path].join(' uses ')}`);
    if (chain.length > DEEPEST)
      return refuse(
        'runbooks-too-deep',
        `runbooks use one another ${DEEPEST} deep at the most: ${chain.join(' uses ')}`,
      );
    const loaded = await load(file, [...chain, file.path]);
    if (loaded.ok) return loaded.value;
    this.problems.push(...loaded.problems);
    return undefined;
  }

  /**
   * The used runbook's parameters, typed and checked as `--param` would; null where something was wrong, and was told.
   */
  #bind(step: DraftStep, runbook: Runbook, given: JsonObject): Given {
    const at: Path = [...step.path, 'runbook', 'with'];
    const names = runbook.params.map(({ name }) => name);
    for (const name of Object.keys(given).filter((key) => !names.includes(key))) {
      const message = `${runbook.name} has no parameter \`${name}\``;
      this.#complain([...at, name], 'key', { code: 'unknown-param', message, ...didYouMean(name, names) });
    }
    return Object.fromEntries(
      runbook.params.map((param) => {
        const value = this.#value(step, param, given[param.name], [...at, param.name]) ?? null;
        // After this its steps do not know the parameter any more, so they could not tell that this text is the place
        // of a secret.
        const secret = param.type === 'secret' && typeof value === 'string' && !isReference(value);
        return [param.name, secret ? secretReference(`${step.id}.${param.name}`, value) : value];
      }),
    );
  }

  #value(step: DraftStep, param: Parameter, value: Json | undefined, at: Path): Json | undefined {
    if (value === undefined) return param.default ?? this.#complain(at, 'key', missing(param));
    if (isReference(value)) {
      this.mentions.push({ path: at, reference: referenceName(value), from: step, allowed: takes(param) });
      return value;
    }
    if (referencesIn(value).length > 0) {
      const message = `a reference stands for the whole of \`${param.name}\`, not for a part of it`;
      return this.#complain(at, 'value', { code: 'reference-not-allowed', message });
    }
    const complaint = checkValue(param, { value, written: this.#draft.source.written(at), name: param.name });
    return complaint ? this.#complain(at, 'value', complaint) : value;
  }

  #complain(at: Path, part: 'key' | 'value', complaint: Complaint): undefined {
    this.problems.push(problemAt(this.#draft.source, at, part, complaint));
  }

  async #draftOf(step: Step, from: DraftStep): Promise<DraftStep> {
    const { catalogue } = this.#composing;
    const act = isAction(step, catalogue.actions);
    const definition = act
      ? await catalogue.action(step.verb)
      : step.verb === 'watch'
        ? undefined
        : await catalogue.probe(step.verb);
    return {
      phase: step.phase,
      order: 0,
      path: from.path,
      json: { id: step.id, ...(step.undo && { undo: 'as the used runbook says' }) },
      id: step.id,
      use: { path: from.path, verb: step.verb, definition, arg: step.arg, misplaced: false },
      undo: [],
      grafted: { use: from.id ?? '', step },
    };
  }
}

function missing({ name, about }: Parameter): Complaint {
  const hint = `add \`with: {${name}: ...}\`${about === '' ? '' : `: ${about}`}`;
  return { code: 'missing-param', message: `\`${name}\` has no default and no value`, hint };
}

/** What a parameter of ours must be like to be handed on as that parameter. */
function takes({ type, enum: words, min, max, patterns, regex, under, bytes, instead }: Parameter): Mention['allowed'] {
  return {
    params: [type],
    steps: [],
    ...(words && { words }),
    ...(min !== undefined && { least: min }),
    ...(max !== undefined && { most: max }),
    ...(patterns && { patterns }),
    ...(regex && { regex }),
    ...(under !== undefined && { under }),
    ...(bytes !== undefined && { bytes }),
    ...(instead && { instead }),
  };
}

/**
 * In the order of the run. A step that uses a runbook begins with the diagnosis of that runbook. Its `when` decides
 * about this diagnosis too, so it may use only earlier findings.
 */
function inOrder(
  steps: readonly DraftStep[],
  grafted: ReadonlyMap<DraftStep, readonly DraftStep[]>,
): readonly DraftStep[] {
  const of = (step: DraftStep, phase: DraftStep['phase']) =>
    (grafted.get(step) ?? []).filter((one) => one.phase === phase);
  const own = (phase: DraftStep['phase']) => steps.filter((step) => step.phase === phase);
  const uses = own('act').filter((step) => step.use?.verb === 'runbook');
  const ordered = [
    ...own('diagnose'),
    ...uses.flatMap((use) => [use, ...of(use, 'diagnose')]),
    ...own('act').flatMap((step) => (uses.includes(step) ? of(step, 'act') : [step])),
    ...own('verify'),
    ...uses.flatMap((use) => of(use, 'verify')),
  ];
  return ordered.map((step, order) => ({ ...step, order }));
}

/** The lower of both for each limit: using a runbook never allows more. */
export function lowest(limits: readonly Limits[]): Limits {
  const entries = LIMITS.flatMap((name) => {
    const values = limits.flatMap((one) => one[name] ?? []);
    return values.length > 0 ? [[name, Math.min(...values)] as const] : [];
  });
  return Object.fromEntries(entries);
}
