import type { COMPARATORS, Comparator } from '../../model/condition.ts';
import { ORDERS } from '../../model/fleet/strategy.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { REFERENCE_PATTERN } from '../../model/reference.ts';
import {
  boolean,
  byDefault,
  either,
  type Form,
  form,
  type Infer,
  integer,
  list,
  literal,
  mapOf,
  object,
  PARAMETER_TYPES,
  PATTERN_SYNTAX,
  path,
  pattern,
  quantity,
  word,
  words,
} from '../../model/runbook/shape.ts';
import { type LimitName, ON_FAIL } from '../../model/runbook.ts';
import type { Schema } from '../../model/verb.ts';
import { FINDINGS } from './shell-findings.ts';

/** The language's own keys, in the words of model/runbook/shape.ts. The verbs bring the rest. */
export const NAME = '^[a-z][a-z0-9-]*$';
export const ID = '^[a-z][a-z0-9_-]*$';

const anything = (about: string) => form<Json>({ description: about });
/** Read by load/runbook/conditions.ts: its keys are those of the steps and measures. */
const condition = (about: string) => form<JsonObject>({ type: 'object', description: about });

const bound = (about: string) => form<number | string>({ type: ['number', 'string'], description: about });
export const PARAMETER = object(
  'A parameter: `$name` stands for its value, in the place of a whole value.',
  {
    type: literal(word('What the value is.', ...PARAMETER_TYPES)),
    about: words('What it means, for the person who has to choose a value.'),
    default: anything('The value where none is given. Without it the parameter is required.'),
    pattern: literal(pattern('A regular expression that the whole value must match.')),
    enum: list('The values that are allowed.', form<Json>({}), { minItems: 1 }),
    min: bound('The smallest value, with its unit where the type has one.'),
    max: bound('The largest value, with its unit where the type has one.'),
    under: literal(
      path('For paths: the value must lie below this folder, as it is written and where its links lead on the host.'),
    ),
  },
  ['type'],
);

const LIMIT_SHAPES = {
  kill: literal(integer('How many processes a run may kill at the most. Default 50.')),
  delete: literal(integer('How many files a run may delete at the most. Default 1000.')),
  edit: literal(integer('How many files a run may edit at the most. Default 5.')),
  stopped_for: literal(quantity('duration', 'How long a run may keep a service stopped at the most. Default 15m.')),
  services: literal(integer('How many stops, starts and restarts of services a run may make at the most. Default 5.')),
  commands: literal(
    integer('How many commands that write (`run` with `effect: write`) a run may begin at the most. Default 10.'),
  ),
} satisfies Readonly<Record<LimitName, Form<number>>>;
export const LIMITS_SHAPE = object(
  'What a run may change at the most, over all its steps. What is not named here has a low default. An engineer may raise a limit for one run, typed.',
  LIMIT_SHAPES,
);

const CONDITION =
  'Measures and what they must be: `{count: {at_least: 4}}`; `any_of`, `all_of` and `none_of` take lists of the same.';

export const ACCEPTED = object(
  'One finding that is meant so.',
  {
    finding: form<keyof typeof FINDINGS>({
      type: 'string',
      enum: Object.keys(FINDINGS),
      description: 'Its name, as `check` says it.',
    }),
    because: words('Why it is safe here.'),
  },
  ['finding', 'because'],
);

/** Every key of a step that is not its verb. */
export const STEP_KEYS = {
  id: words('The name of the step: `$id` is its selector and what it found.', { pattern: ID, 'x-example': 'mailers' }),
  why: words('Why this step: the sentence on the screen and in the report. Required in `act`.'),
  when: condition(
    'The step runs only where this holds of earlier findings: `{postfix: {state: {is: stopped}}}`. Where it cannot be told the step is not run.',
  ),
  expect: condition(
    `What must hold of the finding. In \`act\` it guards: where it does not hold, or cannot be told, the next act is not begun (\`on_fail\`). ${CONDITION}`,
  ),
  decisive: byDefault(
    true,
    literal(boolean('False: the step informs only, it does not decide whether this is the incident. Default true.')),
  ),
  ask: byDefault(
    true,
    literal(
      boolean(
        'False: an attended run does not ask before this step, unless what it does cannot be undone. Default true.',
      ),
    ),
  ),
  undo: either(
    'How to undo the step where its action cannot derive it, or not all of it: a note for a person, or a list of steps, each one verb and a `why`, done in this order behind what the action takes back by itself.',
    words('A note for a person.'),
    list('Steps, each with one verb.', form<JsonObject>({ type: 'object' }), { minItems: 1 }),
  ),
  timeout: literal(
    quantity(
      'duration',
      'How long one try of the step may take. A look that is cut short is unknown, in a watch too; an act goes to its next safe point and counts as failed.',
    ),
  ),
  until: words(
    'What it changed is meant to stay only until then: `mail is delivered again`. What stays open says so, and how to take it back.',
  ),
  retry: object(
    'Look or try again before the step counts as failed: a probe while its expectation does not hold or it could not look (also at each sample of a watch), an action while it fails.',
    {
      times: literal(integer('How many more times.', 1)),
      every: literal(quantity('duration', 'The pause between two tries.')),
    },
    ['times', 'every'],
  ),
  on_fail: byDefault(
    'stop',
    literal(
      word(
        'What to do when the step fails, or a look in `act` does not say yes: end the run, go on, undo what was done, or ask a person (with nobody to ask: `stop`). Default `stop`.',
        ...ON_FAIL,
      ),
    ),
  ),
  accept: list('With `shell`: findings of `check` in that text that are meant so, by name.', ACCEPTED, { minItems: 1 }),
  hold: list('With `watch`: what must be true at every sample.', form<JsonObject>({ type: 'object' }), { minItems: 1 }),
};
/** A line of `hold`: beside these keys it has measures of the step's probe. */
export const HOLD_KEYS = {
  of: form<string>({
    type: 'string',
    pattern: REFERENCE_PATTERN,
    description: 'The step that is looked at again: `$id`.',
  }),
  when: condition('The line counts only where this held of what diagnose found.'),
};
export const HOLD = object('A line that must be true at every sample.', HOLD_KEYS, ['of']);
export const STEP = object('A step: one verb, and what belongs to it.', STEP_KEYS);
type StepText = Infer<typeof STEP>;

const steps = (about: string) =>
  list(
    about,
    form<StepText>({ type: 'object', properties: STEP_KEYS, description: 'A step: one verb, and what belongs to it.' }),
  );

export const OPEN = object(
  'Something that stays to be done.',
  {
    say: words('What stays open, and what to do about it.'),
    when: condition(
      'It is said only where this holds of the findings; where that cannot be told, it is said to be not known.',
    ),
    of: words('The step of `diagnose` whose finding is told behind it: `$mail`.', {
      pattern: REFERENCE_PATTERN,
      'x-example': '$mail',
    }),
  },
  ['say'],
);

const SIZE_WORDS = '^(?:rest|\\d+(?:\\.\\d+)?%)$';
const SHARE = '^\\d+(?:\\.\\d+)?%$';

/** How a runbook goes through several hosts. Flags win over it, and a policy's limits over both. */
export const FLEET = object(
  'How it goes through several hosts (`--hosts`, `--inventory`), unless flags say otherwise. Of a used runbook it does not count.',
  {
    batches: list(
      'How many hosts are done when each batch has ended: numbers, shares of all, and at last `rest`. The first batch is the canary. Default [1, 5%, 25%, rest].',
      either(
        'A number of hosts, a share of all, or `rest`.',
        form<number>({ type: 'integer', minimum: 1 }),
        words('A share, or `rest`.', { pattern: SIZE_WORDS, 'x-example': '25%' }),
      ),
      { minItems: 1 },
    ),
    at_once: literal(integer('How many hosts of a batch are at work at once at the most. Default 10.', 1)),
    pause: literal(quantity('duration', 'How long to wait between two batches. Default: not at all.')),
    max_failures: either(
      'Once more hosts than this have failed no further one is begun: a number, or a share of all. Default 0.',
      form<number>({ type: 'integer', minimum: 0 }),
      words('A share of all hosts.', { pattern: SHARE, 'x-example': '5%' }),
    ),
    order: literal(word('In which order: as chosen, by name, backwards, or shuffled. Default `given`.', ...ORDERS)),
  },
);

export const RUNBOOK = object(
  'A runbook: is it this? what will you do? did it hold?',
  {
    firebreak: form<1>({ type: 'integer', enum: [1], description: "The language's version: 1." }),
    runbook: words("The runbook's name.", { pattern: NAME, 'x-example': 'cron-mail-storm' }),
    version: words("The runbook's own version.", {
      pattern: '^\\d+\\.\\d+\\.\\d+(?:[-+][0-9A-Za-z.+-]+)?$',
      'x-example': '1.0.0',
    }),
    title: words('One line: the incident.'),
    about: words('What is wrong, and what this runbook does about it.'),
    params: mapOf('What may be chosen for a run, by name.', PARAMETER),
    limits: LIMITS_SHAPE,
    fleet: FLEET,
    diagnose: steps('Is it this? Probes only: nothing is changed.'),
    act: steps('What to do, in this order. Actions, and probes between them.'),
    verify: steps('Did it hold? Probes and `watch` only: nothing is changed.'),
    open: list('What stays open after the remedy, and must be said so.', OPEN),
  },
  ['firebreak', 'runbook', 'version', 'title'],
);

/** A name of the library, or a YAML file: nothing else is opened, since a mistake in it would be shown. */
export const USABLE = '^(?:[a-z][a-z0-9-]*|.+\\.ya?ml)$';

/**
 * `runbook` belongs to the language: the loader puts the used runbook's steps in the place of the step, so no host ever
 * meets it.
 */
export const USE = object(
  "Run another runbook's phases as one step: its diagnose steps join those of this runbook, its act steps stand here, its verify steps join too.",
  {
    use: words('The name of a runbook of the library, or the path of a file (`./sub.yaml`), relative to this one.', {
      pattern: USABLE,
      'x-example': 'cron-mail-storm',
    }),
    with: form<JsonObject>({
      type: 'object',
      description: "Values for the used runbook's parameters, by name: plain, or parameters of this runbook.",
    }),
  },
  ['use'],
);
export const USE_EXAMPLE: Json = { use: 'cron-mail-storm', with: { watch: '5m', lease: '$lease' } };

/** What each comparator takes. */
export const operands = (scalar: Schema, number: Schema) =>
  ({
    is: scalar,
    is_not: scalar,
    at_least: number,
    at_most: number,
    matches: { type: 'string' },
    one_of: { type: 'array', items: scalar, minItems: 1 },
    between: { type: 'array', items: number, minItems: 2, maxItems: 2 },
  }) satisfies Readonly<Record<keyof Comparator, Schema>>;

export const COMBINATIONS = ['any_of', 'all_of', 'none_of'] as const;
export const COMPARATOR_ABOUT: Readonly<Record<(typeof COMPARATORS)[number], string>> = {
  is: 'Equal to this.',
  is_not: 'Anything but this.',
  at_least: 'This or more.',
  at_most: 'This or less.',
  matches: `A regular expression that is found in the text. ${PATTERN_SYNTAX}`,
  one_of: 'One of these.',
  between: 'Two numbers: this or more, and that or less.',
};
