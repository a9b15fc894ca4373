import { COMPARATORS } from '../model/condition.ts';
import type { JsonObject } from '../model/json.ts';
import type { Catalogue } from '../model/ports.ts';
import { REFERENCE_PATTERN } from '../model/reference.ts';
import { WATCH, WATCH_EXAMPLE } from '../model/run/watch.ts';
import { PHASES, type Phase } from '../model/runbook.ts';
import type { MeasureAbout, Schema, Verb } from '../model/verb.ts';
import { HOSTS } from './inventory/language.ts';
import { POLICY } from './policy/language.ts';
import { verbsOf } from './runbook/draft.ts';
import {
  COMBINATIONS,
  COMPARATOR_ABOUT,
  HOLD,
  HOLD_KEYS,
  operands,
  RUNBOOK,
  STEP_KEYS,
  USE,
  USE_EXAMPLE,
} from './runbook/language.ts';
import { NOTES, publishable } from './text/schema.ts';

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/** The language as one JSON Schema of plain draft 2020-12, for editors: every verb, every measure. Loads all verbs. */
export async function runbookSchema(catalogue: Catalogue): Promise<Schema> {
  const probes = await verbsNamed(catalogue.probes, catalogue.probe);
  const actions = await verbsNamed(catalogue.actions, catalogue.action);
  const properties = RUNBOOK.properties as JsonObject;
  const phases = PHASES.map((phase) => [
    phase,
    {
      ...(publishable(properties[phase] as Schema) as JsonObject),
      items: stepOf(phase, catalogue, { probes, actions }),
    },
  ]);
  const whole = publishable(RUNBOOK);
  return {
    $schema: DIALECT,
    $id: 'urn:firebreak:schema:runbook:1',
    title: 'Firebreak runbook',
    ...whole,
    properties: { ...(whole.properties as JsonObject), ...Object.fromEntries(phases) },
    $defs: definitions(probes),
  };
}

export function policySchema(): Schema {
  return { $schema: DIALECT, $id: 'urn:firebreak:schema:policy:1', title: 'Firebreak policy', ...publishable(POLICY) };
}

export function hostsSchema(): Schema {
  return { $schema: DIALECT, $id: 'urn:firebreak:schema:hosts:1', title: 'Firebreak hosts', ...publishable(HOSTS) };
}

type Verbs = ReadonlyMap<string, Verb>;

async function verbsNamed<V extends Verb>(
  names: readonly string[],
  load: (name: string) => Promise<V>,
): Promise<Verbs> {
  return new Map(await Promise.all(names.map(async (name) => [name, await load(name)] as const)));
}

/** Keys that `check` refuses in a phase are not offered there. */
const SAYS_NOTHING: Readonly<Record<Phase, readonly (keyof typeof STEP_KEYS)[]>> = {
  diagnose: ['ask', 'undo', 'until', 'on_fail', 'hold'],
  act: ['decisive', 'hold'],
  verify: ['ask', 'undo', 'until', 'decisive'],
};

/** A step of a phase: one of the phase's verbs, and the keys that belong to it. */
function stepOf(
  phase: Phase,
  catalogue: Catalogue,
  verbs: { readonly probes: Verbs; readonly actions: Verbs },
): Schema {
  const names = verbsOf(phase, catalogue);
  const measured = names.filter((name) => verbs.probes.has(name));
  const { expect: _, ...rest } = STEP_KEYS;
  const keys = Object.fromEntries(
    Object.entries(rest).filter(([key]) => !SAYS_NOTHING[phase].some((one) => one === key)),
  );
  return {
    type: 'object',
    description: `A step of ${phase}: one verb, and what belongs to it.`,
    properties: {
      ...Object.fromEntries(Object.entries(keys).map(([key, shape]) => [key, publishable(shape)])),
      when: { ...STEP_KEYS.when, $ref: '#/$defs/when' },
      ...(phase === 'verify' ? { hold: holdSchema() } : {}),
      expect: { type: 'object', description: 'What must hold of the finding.' },
      ...Object.fromEntries(names.map((name) => [name, argSchema(name, phase, verbs)])),
    },
    required: phase === 'act' ? ['id', 'why'] : ['id'],
    oneOf: names.map((name) => ({ required: [name] })),
    allOf: measured.map((name) =>
      either({ required: [name] }, { properties: { expect: { $ref: `#/$defs/expect-${name}` } } }),
    ),
    additionalProperties: false,
    patternProperties: NOTES,
  };
}

function either(test: Schema, yes: Schema): Schema {
  // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
  return { if: test, then: yes };
}

function argSchema(name: string, phase: Phase, verbs: { readonly probes: Verbs; readonly actions: Verbs }): Schema {
  if (name === 'watch') return { ...publishable(WATCH), examples: [WATCH_EXAMPLE] };
  if (name === 'runbook') return { ...publishable(USE), examples: [USE_EXAMPLE] };
  const both = phase === 'act' ? [verbs.actions.get(name), verbs.probes.get(name)] : [verbs.probes.get(name)];
  const found = both.filter((verb) => verb !== undefined);
  const shapes = found.map((verb) => publishable(verb.schema));
  const about = found
    .map((verb) => `${verb.summary.charAt(0).toUpperCase()}${verb.summary.slice(1)}. ${verb.about}`)
    .join('\n\n');
  const examples = found.map((verb) => verb.example);
  return shapes.length === 1
    ? { ...shapes[0], description: about, examples }
    : { description: about, examples, anyOf: shapes };
}

/** Conditions: one definition a probe, since each has measures of its own. */
function definitions(probes: Verbs): Schema {
  const expectations = [...probes].flatMap(([name, verb]) =>
    verb.kind === 'probe' ? [[`expect-${name}`, expectation(name, verb.measures)] as const] : [],
  );
  return {
    ...Object.fromEntries(expectations),
    when: whenSchema(),
    comparator: comparatorSchema(),
  };
}

function expectation(name: string, measures: Readonly<Record<string, MeasureAbout>>): Schema {
  const clauses = Object.entries(measures).map(([measure, { about, unit, words }]) => [
    measure,
    {
      ...(words === undefined ? { $ref: '#/$defs/comparator' } : comparatorSchema(wordSchema(Object.keys(words)))),
      description: `${about} (${unit})`,
    },
  ]);
  return {
    type: 'object',
    description: `What must hold of what \`${name}\` finds.`,
    properties: { ...Object.fromEntries(clauses), ...combinations(`#/$defs/expect-${name}`) },
    minProperties: 1,
    additionalProperties: false,
    patternProperties: NOTES,
  };
}

const COMBINED = {
  any_of: 'One of these must hold.',
  all_of: 'All of these must hold.',
  none_of: 'None of these may hold.',
} as const;

function combinations(reference: string): Schema {
  return Object.fromEntries(
    COMBINATIONS.map((word) => [
      word,
      { type: 'array', items: { $ref: reference }, minItems: 1, description: COMBINED[word] },
    ]),
  );
}

function whenSchema(): Schema {
  return {
    type: 'object',
    description: 'Findings of earlier steps, by their id.',
    properties: combinations('#/$defs/when'),
    additionalProperties: {
      type: 'object',
      description: "The step's measures.",
      additionalProperties: { $ref: '#/$defs/comparator' },
    },
    minProperties: 1,
  };
}

function holdSchema(): Schema {
  const { of, when } = HOLD_KEYS;
  const line: Schema = {
    type: 'object',
    description: HOLD.description,
    properties: {
      of,
      growth: { $ref: '#/$defs/comparator', description: 'How many more than at the first sample of the watch.' },
      when: { $ref: '#/$defs/when', description: when.description },
    },
    required: HOLD.required,
    minProperties: 2,
    additionalProperties: { $ref: '#/$defs/comparator', description: "A measure of that step's probe." },
  };
  return { ...STEP_KEYS.hold, items: line };
}

const NUMBER: Schema = { type: ['number', 'string'], examples: [1000, '5%', '15m', '2GiB'] };
const SCALAR: Schema = { type: ['number', 'string', 'boolean'] };
const orList = (scalar: Schema): Schema => ({
  anyOf: [
    { type: 'array', items: scalar, minItems: 1 },
    { type: 'string', pattern: REFERENCE_PATTERN, description: 'A parameter (list).' },
  ],
});

const wordSchema = (words: readonly string[]): Schema => ({
  anyOf: [{ enum: words }, { type: 'string', pattern: REFERENCE_PATTERN, description: 'A parameter (string).' }],
});

function comparatorSchema(scalar: Schema = SCALAR): Schema {
  const taken = { ...operands(scalar, NUMBER), one_of: orList(scalar) };
  const words = COMPARATORS.map((word) => [word, { ...taken[word], description: COMPARATOR_ABOUT[word] }]);
  return {
    description: 'What a measure is compared with; a bare value means `is`, a list `one_of`.',
    anyOf: [
      {
        type: 'object',
        properties: Object.fromEntries(words),
        minProperties: 1,
        additionalProperties: false,
        patternProperties: NOTES,
      },
      scalar,
      { type: 'array', items: scalar, minItems: 1 },
    ],
  };
}
