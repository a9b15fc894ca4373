import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import type { Catalogue } from '../../model/ports.ts';
import type { Problem } from '../../model/problem.ts';
import { unchecked, uncheckedEntries } from '../../model/read.ts';
import { referencesIn } from '../../model/reference.ts';
import { WATCH } from '../../model/run/watch.ts';
import type { COMMAND } from '../../model/runbook/command.ts';
import type { Infer, Unchecked } from '../../model/runbook/shape.ts';
import { PHASES, type Phase, type Step } from '../../model/runbook.ts';
import type { ActionVerb, ProbeVerb, Schema, Verb } from '../../model/verb.ts';
import { type Path, pointer, problemAt, type Source, valueAt } from '../text/source.ts';
import { spell } from '../text/spell.ts';
import { closest } from '../text/suggest.ts';
import { PARAMETER, RUNBOOK, STEP, STEP_KEYS, USE } from './language.ts';

/** A verb where an author wrote it: in a step, or in a step's `undo`. */
export interface Use {
  /** Of the object that holds the verb's key. */
  readonly path: Path;
  readonly verb: string;
  readonly definition: Verb | undefined;
  readonly arg: Json;
  /** For an undo step: its `why`, if the author wrote one. */
  readonly why?: string;
  /** True: the verb is not allowed in this phase. That is already reported, so its consequences are not. */
  readonly misplaced: boolean;
}

/** A step as far as it could be read. Rules look at drafts, so that one mistake does not hide the others. */
export interface DraftStep {
  readonly phase: Phase;
  /** In the order of the run: diagnose, act, verify. */
  readonly order: number;
  readonly path: Path;
  readonly json: Unchecked<typeof STEP>;
  readonly id: string | undefined;
  readonly use: Use | undefined;
  readonly undo: readonly Use[];
  /** The step comes from the runbook that the step `use` uses. It is already checked and built. */
  readonly grafted?: { readonly use: string; readonly step: Step };
}

export interface Draft {
  readonly source: Source;
  readonly root: Unchecked<typeof RUNBOOK>;
  /** The names that stand behind a `$` anywhere in the text, also under keys that could not be read. */
  readonly written: ReadonlySet<string>;
  readonly steps: readonly DraftStep[];
  readonly holes: ReadonlySet<string>;
}

export const paramsIn = ({ root }: Pick<Draft, 'root'>) => uncheckedEntries(PARAMETER, root.params);

export function isProbe(use: Use | undefined): use is Use & { readonly definition: ProbeVerb } {
  return use?.definition?.kind === 'probe';
}
export function usesAction(use: Use | undefined): use is Use & { readonly definition: ActionVerb } {
  return use?.definition?.kind === 'action';
}

/**
 * The text as its author meant it: keys spelt right, each step with its verb. Only the verbs that it uses are loaded.
 */
export async function draft(
  source: Source,
  catalogue: Catalogue,
): Promise<{ readonly draft: Draft; readonly problems: readonly Problem[] }> {
  const keys = spell(source, [{ path: [], shape: documentShape(catalogue) }]);
  const verbs = new VerbReader(keys.source, catalogue, keys.holes);
  const found = await verbs.read();
  const args = spell(keys.source, found.flatMap(shapesOf));
  return {
    draft: {
      source: args.source,
      root: unchecked(RUNBOOK, args.source.value),
      written: new Set(referencesIn(source.value)),
      steps: found.map((step) => withArgs(step, args.source)),
      holes: new Set([...keys.holes, ...args.holes]),
    },
    problems: [...keys.problems, ...verbs.problems, ...args.problems],
  };
}

/** The runbook's shape with every verb as a key of a step; those of other phases are known, but not offered. */
function documentShape(catalogue: Catalogue): Schema {
  const properties = RUNBOOK.properties as JsonObject;
  const phases = PHASES.map((phase) => {
    const steps = properties[phase] as JsonObject;
    return [phase, { ...steps, items: stepShape(phase, catalogue) }] as const;
  });
  return { ...RUNBOOK, properties: { ...properties, ...Object.fromEntries(phases) } };
}

function stepShape(phase: Phase, catalogue: Catalogue): Schema {
  const here = verbsOf(phase, catalogue);
  const all = [...catalogue.probes, ...catalogue.actions, 'watch', 'runbook'];
  const verbs = Object.fromEntries(all.map((verb) => [verb, here.includes(verb) ? {} : { 'x-elsewhere': true }]));
  return { type: 'object', properties: { ...verbs, ...STEP_KEYS }, additionalProperties: false };
}

/** "Phase fixes permission." */
export function verbsOf(phase: Phase, catalogue: Catalogue): readonly string[] {
  switch (phase) {
    case 'diagnose':
      return catalogue.probes;
    case 'act':
      return [...new Set([...catalogue.actions, ...catalogue.probes, 'runbook'])];
    case 'verify':
      return [...catalogue.probes, 'watch'];
  }
}

export function shapeOfUse(use: Use): Schema | undefined {
  if (use.verb === 'runbook') return USE;
  return use.verb === 'watch' ? WATCH : use.definition?.schema;
}

function shapesOf(step: DraftStep): readonly { readonly path: Path; readonly shape: Schema }[] {
  return [...(step.use ? [step.use] : []), ...step.undo].flatMap((use) => {
    const shape = shapeOfUse(use);
    return shape ? [{ path: [...use.path, use.verb], shape }] : [];
  });
}

function withArgs(step: DraftStep, source: Source): DraftStep {
  const again = (use: Use): Use => ({ ...use, arg: valueAt(source.value, [...use.path, use.verb]) ?? null });
  const json = unchecked(STEP, valueAt(source.value, step.path));
  return { ...step, json, use: step.use && again(step.use), undo: step.undo.map(again) };
}

class VerbReader {
  readonly problems: Problem[] = [];
  readonly #source: Source;
  readonly #catalogue: Catalogue;
  readonly #holes: ReadonlySet<string>;

  constructor(source: Source, catalogue: Catalogue, holes: ReadonlySet<string>) {
    this.#source = source;
    this.#catalogue = catalogue;
    this.#holes = holes;
  }

  async read(): Promise<readonly DraftStep[]> {
    const root = unchecked(RUNBOOK, this.#source.value);
    const found = PHASES.flatMap((phase) => {
      const steps = root[phase];
      return Array.isArray(steps)
        ? (steps as readonly Json[]).map((json, at) => ({ phase, json, path: [phase, at] as Path }))
        : [];
    });
    const steps: DraftStep[] = [];
    for (const [order, { phase, json, path }] of found.entries()) {
      if (isObject(json)) steps.push(await this.#step({ phase, order, path }, json));
    }
    return steps;
  }

  async #step(base: Pick<DraftStep, 'phase' | 'order' | 'path'>, written: JsonObject): Promise<DraftStep> {
    const json = unchecked(STEP, written);
    const use = await this.#use(written, base.path, base.phase);
    const undo = Array.isArray(json.undo) ? (json.undo as readonly Json[]) : [];
    const uses: Use[] = [];
    for (const [at, one] of undo.entries()) {
      const part = isObject(one) ? await this.#use(one, [...base.path, 'undo', at], 'act') : undefined;
      if (part) uses.push(part);
    }
    return { ...base, json, id: typeof json.id === 'string' ? json.id : undefined, use, undo: uses };
  }

  /** The one verb of a step, or of a step of `undo`. */
  async #use(json: JsonObject, path: Path, phase: Phase): Promise<Use | undefined> {
    const inStep = path.length === 2;
    const keys = Object.keys(json).filter((key) => !key.startsWith('x-') && !Object.hasOwn(STEP_KEYS, key));
    if (!inStep) this.#onlyVerb(json, path);
    const [verb, second] = keys;
    if (verb === undefined) return this.#noVerb(path, phase);
    if (second !== undefined) {
      this.#complain([...path, second], 'several-verbs', `a step has one verb; \`${verb}\` stands here already`, {
        hint: 'write two steps',
      });
    }
    const arg = json[verb] ?? null;
    if (!inStep && !this.#catalogue.actions.includes(verb)) return this.#unknownUndo(path, verb);
    const misplaced = this.#misplaced(verb, arg, phase, path);
    const { why: because } = unchecked(STEP, json);
    const why = !inStep && typeof because === 'string' ? { why: because } : {};
    return { path, verb, arg, misplaced, ...why, definition: await this.#definition(verb, arg, phase) };
  }

  /** Refuses keys without an effect: an undo step is not asked for, retried or skipped by itself. */
  #onlyVerb(json: JsonObject, path: Path): void {
    for (const key of Object.keys(json).filter((one) => one !== 'why' && Object.hasOwn(STEP_KEYS, one)))
      this.#complain(
        [...path, key],
        'misplaced-key',
        `a step of \`undo\` has its verb and a \`why\`; \`${key}\` says nothing there`,
        {},
      );
  }

  #noVerb(path: Path, phase: Phase): undefined {
    if (this.#holes.has(pointer(path))) return undefined;
    this.#complain(path, 'missing-verb', 'this step has no verb', { allowed: verbsOf(phase, this.#catalogue) });
    return undefined;
  }

  #unknownUndo(path: Path, verb: string): undefined {
    const suggestion = closest(verb, this.#catalogue.actions);
    this.#complain([...path, verb], 'unknown-verb', `\`${verb}\` is not an action`, {
      allowed: this.#catalogue.actions,
      ...(suggestion && { suggestion }),
    });
    return undefined;
  }

  async #definition(verb: string, arg: Json, phase: Phase): Promise<Verb | undefined> {
    if (this.#writes(verb, arg, phase)) return this.#catalogue.action(verb);
    return this.#catalogue.probes.includes(verb) ? this.#catalogue.probe(verb) : undefined;
  }

  /**
   * A verb that is both a probe and an action (`run`) is told apart by its effect; in act it writes unless it says
   * `read`.
   */
  #writes(verb: string, arg: Json, phase: Phase): boolean {
    const { probes, actions } = this.#catalogue;
    if (!probes.includes(verb) || !actions.includes(verb)) return actions.includes(verb);
    const effect = effectOf(arg).value;
    return effect === 'write' || (phase === 'act' && effect !== 'read');
  }

  #misplaced(verb: string, arg: Json, phase: Phase, path: Path): boolean {
    const { key } = effectOf(arg);
    if (!verbsOf(phase, this.#catalogue).includes(verb)) return this.#wrongPhase([...path, verb], 'key', verb, phase);
    if (phase === 'act' || !this.#writes(verb, arg, phase)) return false;
    return this.#wrongPhase([...path, verb, key], 'value', `${key}: write`, phase);
  }

  #wrongPhase(path: Path, part: 'key' | 'value', what: string, phase: Phase): true {
    const message = MISPLACED[what] ?? `\`${what}\` changes the host; ${phase} only looks: it belongs in act`;
    this.problems.push(problemAt(this.#source, path, part, { code: 'wrong-phase', message }));
    return true;
  }

  #complain(
    path: Path,
    code: string,
    message: string,
    more: { allowed?: readonly string[]; suggestion?: string; hint?: string },
  ): void {
    this.problems.push(problemAt(this.#source, path, 'key', { code, message, ...more }));
  }
}

const MISPLACED: Readonly<Record<string, string>> = {
  watch: '`watch` belongs in verify',
  runbook: '`runbook` belongs in act: its steps of diagnose and verify go where they belong by themselves',
};

const EFFECT = 'effect' satisfies keyof Infer<typeof COMMAND>;

/** `run` is a probe and an action: its effect tells which, also where the key is misspelt. */
function effectOf(arg: Json): { readonly key: string; readonly value: Json | undefined } {
  const written = isObject(arg) ? arg : {};
  const meant = Object.keys(written).find((name) => closest(name, [EFFECT]) !== undefined);
  const key = Object.hasOwn(written, EFFECT) ? EFFECT : (meant ?? EFFECT);
  return { key, value: written[key] };
}
