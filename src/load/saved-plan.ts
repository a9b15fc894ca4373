import { isObject, type Json, type JsonObject } from '../model/json.ts';
import type { Place } from '../model/place.ts';
import type { Checked, Problem } from '../model/problem.ts';
import { textKey, texts } from '../model/run/event-words.ts';
import { PLAN_FORMAT, type SavedPlan } from '../model/run/saved-plan.ts';
import { object } from '../model/runbook/shape.ts';
import type { Schema } from '../model/verb.ts';
import { hashOfText } from './text/hash.ts';
import { parse } from './text/parse.ts';
import { checkShape } from './text/shape-check.ts';
import { type Complaint, inTextOrder, problemAt, type Source } from './text/source.ts';
import { spell } from './text/spell.ts';

const lines = (description: string): Schema => ({
  type: 'array',
  description,
  items: object('A line.', { name: textKey('Of what.'), value: textKey('Then.') }, ['name', 'value']),
});

/** A map of which these keys are read; others may stand beside them. */
const open = (description: string, properties: Readonly<Record<string, Schema>>): Schema => ({
  type: 'object',
  description,
  properties,
  required: Object.keys(properties),
});
const orNull = (description: string): Schema => ({ type: ['string', 'null'], description });

/** The keys of the file, to report where somebody edited it or gave another file. */
const SHAPE: Schema = {
  ...open('A saved plan.', {
    firebreak: { type: 'string', enum: ['plan'] },
    format: { type: 'integer', enum: [PLAN_FORMAT] },
    id: textKey('SHA-256 of all the rest.'),
    nonce: textKey('Tells two plans of one moment apart.'),
    at: textKey('When it was saved.'),
    until: textKey('When it expires.'),
    valid: { type: 'integer', description: 'Milliseconds.' },
    by: textKey('Who saved it.'),
    machine: open('The life of the machine that it was made in.', {
      host: textKey('Its name.'),
      boot: textKey('Its boot id.'),
      uptime: { type: 'number', description: 'Milliseconds since boot.' },
      uid: { type: 'integer', description: 'Who looked.' },
    }),
    asked: open('What was typed.', {
      runbook: textKey('The runbook.'),
      params: texts('Parameters.'),
      limits: texts('Limits.'),
      policy: orNull('The policy.'),
    }),
    identity: lines('What must be the same before anything is looked at.'),
    pinned: lines('What must be found the same.'),
    texts: open('Runbook and policy.', { runbook: textKey('The runbook.'), policy: orNull('The policy.') }),
    plan: open('The plan, to be shown.', {
      runbook: open('The runbook.', {
        name: textKey('Its name.'),
        version: textKey('Its version.'),
        title: textKey('Its title.'),
        path: textKey('Its file.'),
        hash: textKey('Of its bytes.'),
      }),
      host: textKey('The host.'),
      at: { type: 'number', description: 'When it was made.' },
      params: { type: 'object', description: 'Parameters.' },
      limits: { type: 'object', description: 'Limits.' },
      diagnosis: open('What was found.', { verdict: textKey('In a word.'), reasons: texts('Why.') }),
      steps: {
        type: 'array',
        description: 'The steps.',
        items: open('A step.', {
          kind: textKey('What it is.'),
          id: textKey('Its name.'),
          phase: textKey('Its phase.'),
          verb: textKey('Its verb.'),
        }),
      },
      open: texts('What stays open.'),
    }),
  }),
  additionalProperties: false,
};

/** Gives a plan its id: the hash of all the rest, as a reader will read it. */
export function sealPlan(unsealed: Omit<SavedPlan, 'id'>): SavedPlan {
  const rest = JSON.parse(JSON.stringify(unsealed)) as Omit<SavedPlan, 'id'>;
  const { firebreak, format, ...body } = rest;
  return { firebreak, format, id: digestOf(rest), ...body };
}

/** Turns a text into a saved plan. A plan that was edited by hand was not reviewed, so it is refused too. */
export async function loadSavedPlan({
  path,
  text,
}: {
  readonly path: string;
  readonly text: string;
}): Promise<Checked<SavedPlan>> {
  const value = parseJson(text);
  if (!isObject(value) || !isSealed(value)) return { ok: false, problems: await problemsOf(path, text) };
  const misshapen = await misshapenIn(path, text, value as JsonObject);
  return misshapen.length > 0 ? { ok: false, problems: misshapen } : { ok: true, value: value as unknown as SavedPlan };
}

/**
 * An id that fits proves nothing: anybody can compute it. The text is parsed a second time only to report places of
 * mistakes.
 */
async function misshapenIn(path: string, text: string, value: JsonObject): Promise<readonly Problem[]> {
  const check = async (source: Source) => (await checkShape(source, { path: [], shape: SHAPE }, new Set())).problems;
  const place = { file: path, line: 1, column: 1, length: 1 };
  const problems = await check({
    file: path,
    value,
    placeOf: () => place,
    placeIn: () => place,
    written: () => undefined,
  });
  const source = problems.length > 0 ? parse(path, text).source : undefined;
  return source ? check(source) : problems;
}

/** Edited by hand it has another id. */
function isSealed(value: Readonly<Record<string, unknown>>): boolean {
  const { id, ...rest } = value;
  return rest.firebreak === 'plan' && rest.format === PLAN_FORMAT && id === digestOf(rest);
}

/** Without regard to the order of keys at the top, where the id was put in. */
function digestOf(rest: object): string {
  return hashOfText(JSON.stringify(Object.entries(rest).toSorted(([one], [other]) => (one < other ? -1 : 1))));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** JSON is YAML: so the same parser gives every mistake its place. */
async function problemsOf(path: string, text: string): Promise<readonly Problem[]> {
  const parsed = parse(path, text);
  if (parsed.problems.some(({ code }) => code === 'too-large')) return [large(path, text)];
  if (!parsed.source) return parsed.problems;
  if (!isObject(parsed.source.value)) return [...parsed.problems, notAPlan(parsed.source, [])];
  const { firebreak, format } = parsed.source.value;
  if (firebreak !== undefined && firebreak !== 'plan') return [notAPlan(parsed.source, ['firebreak'])];
  if (typeof format === 'number' && format > PLAN_FORMAT) return [newer(parsed.source)];
  const spelt = spell(parsed.source, [{ path: [], shape: SHAPE }]);
  const shape = await checkShape(spelt.source, { path: [], shape: SHAPE }, spelt.holes);
  const problems = inTextOrder([...parsed.problems, ...spelt.problems, ...shape.problems]);
  return problems.length > 0 ? problems : [edited(parsed.source, parsed.source.value.id)];
}

/**
 * A plan of thousands of processes is more than the parser takes: of such a one the first mistake is told, as JSON
 * knows it.
 */
function large(path: string, text: string): Problem {
  try {
    const value: unknown = JSON.parse(text);
    const key = isObject(value) && value.firebreak === 'plan' ? /^[^\S\n]*"id"\s*:\s*/m.exec(text) : null;
    const id = isObject(value) ? String(value.id) : '';
    const at = key === null ? 0 : key.index + key[0].length;
    return {
      ...(key === null ? NOT_A_PLAN : sayEdited(id)),
      place: placeAt(path, text, { at, length: key === null ? 1 : id.length + 2 }),
    };
  } catch (error) {
    const at = Number(/at position (\d+)/.exec(String(error))?.[1] ?? text.trimEnd().length - 1);
    return {
      code: 'json-syntax',
      message: 'this is no JSON',
      hint: String(error),
      place: placeAt(path, text, { at, length: 1 }),
    };
  }
}

function placeAt(file: string, text: string, { at, length }: { readonly at: number; readonly length: number }): Place {
  const before = text.slice(0, at);
  return { file, line: before.split('\n').length, column: at - before.lastIndexOf('\n'), length };
}

const NOT_A_PLAN: Complaint = {
  code: 'not-a-plan',
  message: 'this is no saved plan',
  hint: 'a plan is saved with `firebreak plan RUNBOOK --save plan.json`',
};

function notAPlan(source: Source, path: readonly string[]): Problem {
  return problemAt(source, path, 'value', NOT_A_PLAN);
}

function newer(source: Source): Problem {
  return problemAt(source, ['format'], 'value', {
    code: 'newer-format',
    message: 'this plan was saved by a newer firebreak',
  });
}

function edited(source: Source, id: Json | undefined): Problem {
  return problemAt(source, ['id'], 'value', sayEdited(String(id)));
}

function sayEdited(id: string): Complaint {
  const message = `the plan was changed since it was saved: its id is ${id.slice(0, 12)}…, and its content has another`;
  return { code: 'changed-plan', message, hint: 'plan again, and review what it says now' };
}
