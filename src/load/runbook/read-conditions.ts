import type { Condition } from '../../model/condition.ts';
import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import type { Problem } from '../../model/problem.ts';
import { unchecked, uncheckedItems } from '../../model/read.ts';
import { isReference, referenceName } from '../../model/reference.ts';
import type { Infer } from '../../model/runbook/shape.ts';
import type { MeasureAbout } from '../../model/verb.ts';
import type { Sighting } from '../text/shape-check.ts';
import { type Path, problemAt } from '../text/source.ts';
import { didYouMean } from '../text/suggest.ts';
import { combined, type MeasureTable, type ReadCondition, readOwn, readWhen, type StepMeasures } from './conditions.ts';
import { type Draft, type DraftStep, isProbe, type Use, usesAction } from './draft.ts';
import { HOLD, HOLD_KEYS, OPEN } from './language.ts';
import { earlierSteps, isOfLost, laterStep, type Mention, type Names, usedRunbook } from './references.ts';

/** The measure of a watch itself: how much more there is than at the first sample. */
const GROWTH: MeasureAbout = { about: 'how many more than at the first sample of the watch', unit: 'count' };

const OF = 'of' satisfies keyof Infer<typeof HOLD>;

export interface HoldDraft {
  readonly of: string;
  readonly condition: Condition | null;
  readonly when: Condition | null;
  readonly path: Path;
}

/** All conditions of a runbook, by the step or open item they belong to. */
export interface Conditions {
  readonly expect: ReadonlyMap<DraftStep, Condition>;
  readonly when: ReadonlyMap<DraftStep, Condition>;
  readonly hold: ReadonlyMap<DraftStep, readonly HoldDraft[]>;
  readonly open: ReadonlyMap<number, Condition>;
  readonly problems: readonly Problem[];
  readonly mentions: readonly Mention[];
}

export function readConditions(draft: Draft, names: Names): Conditions {
  const reader = new Conditioner(draft, names);
  for (const step of draft.steps) reader.step(step);
  reader.openItems();
  return reader;
}

class Conditioner implements Conditions {
  readonly expect = new Map<DraftStep, Condition>();
  readonly when = new Map<DraftStep, Condition>();
  readonly hold = new Map<DraftStep, readonly HoldDraft[]>();
  readonly open = new Map<number, Condition>();
  readonly problems: Problem[] = [];
  readonly mentions: Mention[] = [];
  readonly #draft: Draft;
  readonly #names: Names;

  constructor(draft: Draft, names: Names) {
    this.#draft = draft;
    this.#names = names;
  }

  step(step: DraftStep): void {
    if (step.grafted) return;
    const { json, path, use } = step;
    if (isObject(json.when)) this.#keep(this.when, step, this.#when(json.when, [...path, 'when'], step), step);
    if (isObject(json.expect) && !usesAction(use)) {
      const read = readOwn(this.#draft.source, [...path, 'expect'], json.expect, measuresOf(use));
      this.#keep(this.expect, step, read, step);
    }
    if (Array.isArray(json.hold) && use?.verb === 'watch')
      this.hold.set(step, this.#holds(step, json.hold as readonly Json[]));
  }

  openItems(): void {
    for (const [at, item] of uncheckedItems(OPEN, this.#draft.root.open).entries()) {
      if (isObject(item?.when))
        this.#keep(this.open, at, this.#when(item.when, ['open', at, 'when'], undefined), undefined);
      if (isReference(item?.of)) {
        const probes = [...this.#names.steps.values()].flatMap((each) => (isProbe(each.use) ? [each.use.verb] : []));
        const path = ['open', at, 'of'];
        this.mentions.push({
          path,
          reference: referenceName(item.of),
          allowed: { params: [], steps: probes },
          from: undefined,
        });
      }
    }
  }

  #when(json: JsonObject, path: Path, from: DraftStep | undefined): ReadCondition {
    return readWhen(this.#draft.source, path, json, (id) => this.#measuresOfStep(id, from));
  }

  #measuresOfStep(id: string, from: DraftStep | undefined): ReturnType<StepMeasures> {
    const step = this.#names.steps.get(id);
    if (!step) return isOfLost(id, this.#names) ? {} : { complaint: this.#unknownStep(id, from) };
    if (step.use?.verb === 'runbook') return { complaint: usedRunbook(id) };
    if (from && step.order >= from.order) return { complaint: laterStep(id, step.order === from.order) };
    if (usesAction(step.use) || step.use?.verb === 'watch') {
      return {
        complaint: {
          code: 'reference-of-wrong-kind',
          message: `\`${id}\` is a step of \`${step.use.verb}\`, which measures nothing; name a probe`,
        },
      };
    }
    return { measures: measuresOf(step.use) };
  }

  #unknownStep(id: string, from: DraftStep | undefined) {
    const ids = earlierSteps(this.#names, from).flatMap((step) => (isProbe(step.use) ? [step.id ?? ''] : []));
    const message = this.#names.params.has(id)
      ? `\`${id}\` is a parameter; \`when\` speaks of steps`
      : `no earlier step is named \`${id}\``;
    const word = combined(id);
    if (word)
      return {
        code: 'unknown-reference',
        message,
        suggestion: word.key,
        hint: `${word.key}: [{STEP: {...}}, {STEP: {...}}]`,
      };
    // `hung.count`, as other tools write it.
    const [head = '', measure, ...more] = id.split('.');
    if (measure !== undefined && more.length === 0 && ids.includes(head))
      return { code: 'unknown-reference', message, suggestion: head, hint: `${head}: {${measure}: {...}}` };
    return { code: 'unknown-reference', message, ...didYouMean(id, [...ids, 'any_of', 'all_of', 'none_of']) };
  }

  #holds(step: DraftStep, lines: readonly Json[]): readonly HoldDraft[] {
    return lines.flatMap((line, at) => (isObject(line) ? this.#hold(step, line, [...step.path, 'hold', at]) : []));
  }

  #hold(step: DraftStep, line: JsonObject, path: Path): readonly HoldDraft[] {
    const spelt = this.#spelt(line, path);
    const { of, when } = unchecked(HOLD, spelt);
    const rest = Object.fromEntries(Object.entries(spelt).filter(([key]) => !Object.hasOwn(HOLD_KEYS, key)));
    const probed = typeof of === 'string' && isReference(of) ? this.#names.steps.get(referenceName(of)) : undefined;
    if (!this.#isProbeReference(of, step, path)) return [];
    const known = measuresOf(probed?.use);
    const read = readOwn(this.#draft.source, path, rest, known && { ...known, growth: GROWTH });
    this.#collect(read, step);
    return [
      {
        of: referenceName(String(of)),
        condition: read.condition,
        when: this.#holdWhen(when, [...path, 'when'], step),
        path,
      },
    ];
  }

  #holdWhen(when: Json | undefined, path: Path, step: DraftStep): Condition | null {
    if (when === undefined) return null;
    if (!isObject(when)) {
      this.#complain(path, 'value', {
        code: 'wrong-type',
        message: '`when` takes findings of earlier steps: `{disk: {inodes_free: {at_most: 5%}}}`',
      });
      return null;
    }
    const read = this.#when(when, path, step);
    this.#collect(read, step);
    return read.condition;
  }

  /** A misspelt `of` is known by its value: measures are not compared with steps. */
  #spelt(line: JsonObject, path: Path): JsonObject {
    const wrong = Object.keys(line).find((key) => key !== OF && key.length < 4 && isReference(line[key]));
    if (line[OF] !== undefined || wrong === undefined) return line;
    const { [wrong]: of, ...rest } = line;
    this.#complain([...path, wrong], 'key', {
      code: 'unknown-key',
      message: `\`${wrong}\` is not a key here`,
      allowed: [OF],
      suggestion: OF,
    });
    return { [OF]: of, ...rest };
  }

  #isProbeReference(of: Json | undefined, step: DraftStep, path: Path): boolean {
    if (of === undefined) {
      return this.#complain(path, 'key', {
        code: 'missing-key',
        message: '`of` is missing',
        hint: 'name the step that is looked at again: `of: $mailers`',
      });
    }
    if (typeof of !== 'string' || !isReference(of)) {
      const meant = typeof of === 'string' ? didYouMean(of, [...this.#names.steps.keys()]) : undefined;
      const suggestion = meant?.suggestion !== undefined ? { suggestion: `$${meant.suggestion}` } : {};
      return this.#complain([...path, OF], 'value', {
        code: 'wrong-type',
        message: '`of` takes a reference to a step (`$id`)',
        ...suggestion,
      });
    }
    const probes = [
      ...new Set([...this.#names.steps.values()].flatMap((each) => (isProbe(each.use) ? [each.use.verb] : []))),
    ];
    const sighting: Sighting = {
      path: [...path, OF],
      reference: referenceName(of),
      allowed: { params: [], steps: probes },
    };
    this.mentions.push({ ...sighting, from: step });
    return true;
  }

  #complain(path: Path, part: 'key' | 'value', complaint: Parameters<typeof problemAt>[3]): false {
    this.problems.push(problemAt(this.#draft.source, path, part, complaint));
    return false;
  }

  #keep<K>(map: Map<K, Condition>, key: K, read: ReadCondition, from: DraftStep | undefined): void {
    this.#collect(read, from);
    if (read.condition) map.set(key, read.condition);
  }

  #collect(read: ReadCondition, from: DraftStep | undefined): void {
    this.problems.push(...read.problems);
    this.mentions.push(...read.sightings.map((sighting) => ({ ...sighting, from })));
  }
}

function measuresOf(use: Use | undefined): MeasureTable | undefined {
  return isProbe(use) ? use.definition.measures : undefined;
}
