import { COMPARATORS } from '../../model/condition.ts';
import { DEFAULT_FLEET } from '../../model/fleet/limits.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import {
  byDefault,
  form,
  integer,
  list,
  literal,
  mapOf,
  object,
  oneOrMore,
  PATTERN_SYNTAX,
  pattern,
  quantity,
  word,
  words,
} from '../../model/runbook/shape.ts';
import type { Schema } from '../../model/verb.ts';
import { COMPARATOR_ABOUT, ID, LIMITS_SHAPE, operands } from '../runbook/language.ts';

/** The keys of a policy, in the words of model/runbook/shape.ts. Nothing in a policy is a reference. */
const ZONE = words('An IANA time zone, such as Europe/Berlin or UTC. Default: the zone of the host.', {
  'x-example': 'Europe/Berlin',
});

const SCALAR: Schema = { type: ['number', 'string', 'boolean'] };
const OPERANDS = { ...operands(SCALAR, { type: ['number', 'string'] }), matches: literal(pattern('')) };

/**
 * As in a runbook, but a pattern must match the whole value: a pattern that may match anywhere would restrict nothing.
 */
const CONSTRAINT = form<JsonObject | boolean | number | string | readonly Json[]>({
  description: 'What the value must be. A bare value means `is`, a list `one_of`.',
  anyOf: [
    {
      ...object(
        'Comparators, all of which must hold.',
        Object.fromEntries(
          COMPARATORS.map((name) => {
            const about =
              name === 'matches'
                ? `A regular expression that the whole value must match. ${PATTERN_SYNTAX}`
                : COMPARATOR_ABOUT[name];
            return [name, { ...OPERANDS[name], description: about }];
          }),
        ),
      ),
      minProperties: 1,
    },
    SCALAR,
    { type: 'array', items: SCALAR, minItems: 1 },
  ],
});

const CLOCK = '^(?:(?:[01]\\d|2[0-3]):[0-5]\\d|24:00)$';

export const WINDOW = object('Hours in which a run may start, on the clock of the zone.', {
  days: oneOrMore(
    words('A day, or a range of days: mon, tue, wed, thu, fri, sat, sun.', { 'x-example': 'mon..fri' }),
    'The days on which the window opens: `mon`, or `mon..fri`. Default: every day.',
  ),
  from: byDefault('00:00', words('When it opens. Default 00:00.', { pattern: CLOCK, 'x-example': '"22:00"' })),
  to: byDefault(
    '24:00',
    words('When it closes; before `from` it is on the next day. Default 24:00.', {
      pattern: CLOCK,
      'x-example': '"06:00"',
    }),
  ),
  zone: ZONE,
});

const RUNS = object('How many runs of the runbook may change this host, this one and those of people counted.', {
  an_hour: literal(integer('In the hour that ends now.', 1)),
  a_day: literal(integer('In the 24 hours that end now.', 1)),
});

const FLEET = object('How boldly it may go through several hosts. Without it: one after the other.', {
  at_once: byDefault(
    DEFAULT_FLEET.atOnce,
    literal(integer('How many hosts may be at work at once. Default 1. A bolder strategy is lowered to it.', 1)),
  ),
  share: byDefault(
    `${DEFAULT_FLEET.share}%`,
    words(
      'What share of the hosts of any one group may be at work at once, of those that were chosen, rounded down, but always one; hosts in no group count as a group. Default 100%.',
      { pattern: '^(?:100|[1-9]?\\d(?:\\.\\d+)?)%$', 'x-example': '25%' },
    ),
  ),
  hosts_a_day: literal(
    integer(
      'How many different hosts runs of the runbook may change in the 24 hours that end now. Default: any number.',
      1,
    ),
  ),
});

export const RULE = object(
  'A runbook that may run unattended. All that the rule names must hold.',
  {
    id: words('The name of the rule, for plan, journal and report.', { pattern: ID }),
    who: oneOrMore(
      words('A user, or `unattended`.'),
      'Who may start it: names of users (with sudo the one who typed it), or `unattended`: whoever does. Default `unattended`.',
    ),
    runbook: words(
      'The runbook: `name`, `name@version`, or `sha256:` and the hash of its bytes, which no edit survives.',
      {
        pattern: '^(?:[a-z][a-z0-9-]*(?:@\\d+\\.\\d+\\.\\d+(?:[-+][0-9A-Za-z.+-]+)?)?|sha256:[0-9a-f]{64})$',
        'x-example': 'cron-mail-storm@1.0.0',
      },
    ),
    params: mapOf(
      'What parameters must be like: `{watch: {at_most: 15m}}`. A path must be so as it is written and where its links lead on the host. One that is not named may be anything that the runbook takes; a secret that is not named comes from where the runbook says (its default) and nowhere else: `{token: file:/etc/api.token}`.',
      CONSTRAINT,
      { minProperties: 1 },
    ),
    hosts: oneOrMore(
      words('A name or a pattern.', { 'x-example': 'mail-*' }),
      'The hosts, by name: `*` stands for any characters, `?` for one. Default: any host.',
    ),
    during: list('When a run may start: in one of these windows. Default: at any time.', WINDOW, { minItems: 1 }),
    deny: list('Actions that the runbook must not have.', words('An action, such as kill.'), { minItems: 1 }),
    declared_read: byDefault(
      'deny',
      literal(
        word(
          'Whether a command may run that only reads by its author’s word (`run` with `effect: read`). Default `deny`.',
          'allow',
          'deny',
        ),
      ),
    ),
    declared_write: byDefault(
      'deny',
      literal(
        word(
          'Whether a command may run that changes what only its author knows (`run` with `effect: write`, as an act or an undo). Default `deny`.',
          'allow',
          'deny',
        ),
      ),
    ),
    limits: {
      ...LIMITS_SHAPE,
      description:
        "Raises or lowers the runbook's own limits, and the defaults where it has none, for unattended runs.",
    },
    runs: { ...RUNS, minProperties: 1 },
    fleet: { ...FLEET, minProperties: 1 },
    cool_down: byDefault(
      '1h',
      literal(
        quantity(
          'duration',
          'When a run held, and the same incident is back on the host within this time, a person is needed (exit 3). Default 1h; 0s: never.',
        ),
      ),
    ),
    on_failure: byDefault(
      'leave',
      literal(
        word('When an act fails: undo what was done, or leave it for a person. Default `leave`.', 'undo', 'leave'),
      ),
    ),
    undo: byDefault(
      'safe',
      literal(
        word(
          'What may be undone without asking: `safe`, all but what would bring the incident back (default); `all`, that too; `none`. What was stopped is started again in any case.',
          'safe',
          'all',
          'none',
        ),
      ),
    ),
  },
  ['runbook'],
);

const WHEN = '^\\d{4}-\\d{2}-\\d{2}(?:T\\d{2}:\\d{2}(?::\\d{2})?(?:Z|[+-]\\d{2}:\\d{2}))?$';

export const FREEZE = object(
  'A time in which nothing is done unattended.',
  {
    from: words('The first day, or an instant with its offset.', { pattern: WHEN, 'x-example': '2026-12-20' }),
    to: words('The last day, all of it, or an instant with its offset.', {
      pattern: WHEN,
      'x-example': '2027-01-02T06:00Z',
    }),
    why: words('Why, for whoever is refused.'),
    zone: ZONE,
  },
  ['from', 'to', 'why'],
);

export const POLICY = object(
  'What may be done without asking. What no rule allows is denied.',
  {
    firebreak_policy: form<1>({ type: 'integer', enum: [1], description: "The policy language's version: 1." }),
    about: words('A note for whoever reads the file: who wrote this and why.'),
    freeze: list('Times in which nothing is done unattended, whatever the rules allow.', FREEZE),
    allow: list('The rules: the first of which all holds decides.', RULE),
  },
  ['firebreak_policy', 'allow'],
);
