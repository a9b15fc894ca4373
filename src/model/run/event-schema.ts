import type { Block } from '../block.ts';
import type { Judgement } from '../condition.ts';
import {
  type DrillMark,
  EVENT_VERSION,
  type Fact,
  type MissedJob,
  type ObservationShown,
  type OwnPlaces,
  type Stamp,
  type StepOutline,
  type WatchStanding,
} from '../event.ts';
import { FLEET_FACTS } from '../fleet/event-schema.ts';
import type { Reached } from '../host/reached.ts';
import { OUTCOMES } from '../outcome.ts';
import type { Decision } from '../policy.ts';
import { LIMITS, PHASES } from '../runbook.ts';
import type { Applied, Finding, LeaseDeadline, LeaseTerms, Progress, Schema, Targets } from '../verb.ts';
import {
  any,
  closed,
  type Described,
  type Loose,
  listKey,
  looselyClosed,
  map,
  number,
  type Optional,
  optional,
  orNull,
  partKey,
  type Shape,
  textKey,
  texts,
  time,
  wholeKey,
  wordKey,
  yesNo,
} from './event-words.ts';
import type { IdentityLine, PlanMark, StepDrift } from './saved-plan.ts';
import type { UndoStep } from './undo.ts';

/**
 * The events as JSON Schema (draft 2020-12), exactly as this version writes them. The types below hold every key to the
 * model's own: a fact that gets a key here and not there, or there and not here, does not compile.
 */
export function eventSchema(): Schema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:firebreak:schema:event:${EVENT_VERSION}`,
    title: 'Firebreak event',
    description:
      'One line of `firebreak run --output ndjson`. A fleet run prints its own events (fleet.*, batch.*, host.*) and those of the runs of its hosts in one stream: `host` says whose, `run` of which run. This is exactly what this version writes; a later one with the same `v` may add types and keys, so a reader ignores what it does not know.',
    anyOf: Object.keys(FACTS).map((type) => ({ $ref: `#/$defs/${type}` })),
    $defs: {
      ...Object.fromEntries(
        Object.entries(FACTS).map(([type, { about, shape }]) => [type, eventOf(type, about, shape)]),
      ),
      ...PARTS,
    },
  };
}

function eventOf(type: string, about: string, shape: Loose): Schema {
  return looselyClosed(about, { ...(STAMP as Loose), type: { const: type }, ...shape });
}

const STEP = textKey('The id of the step.');
const UNDO_PART = wholeKey(
  'A step of the undo that the runbook declares, from 1; absent: what the action itself derived.',
);
const TRUTHS = ['yes', 'no', 'unknown'] as const;

const STAMP: Shape<Stamp> = {
  v: { const: EVENT_VERSION },
  seq: { type: 'integer', minimum: 1, description: '1, 2, 3 ... within the run.' },
  at: time('When.'),
  mono: { type: 'integer', description: 'Milliseconds on a clock that nobody sets: for differences.' },
  run: textKey('The id of the run.'),
  host: textKey('Where.'),
};

// ---------------------------------------------------------------- what facts are made of

type RunStarted = Extract<Fact, { readonly type: 'run.started' }>;
const RUNBOOK = closed<RunStarted['runbook']>('Which runbook.', {
  name: textKey('Its name.'),
  version: textKey('Its own version.'),
  title: textKey('One line: the incident.'),
  path: textKey('Where it was read from.'),
  hash: textKey('SHA-256 of its bytes.'),
});
const POLICY = orNull(
  closed<NonNullable<RunStarted['policy']>>('The policy that decides.', {
    path: textKey('Its file.'),
    hash: textKey('SHA-256 of its bytes.'),
  }),
);
const BOOT = closed<RunStarted['boot']>('The life of the machine.', {
  id: textKey('Boot id.'),
  at: number('When it was booted, epoch milliseconds.'),
});
const USED = looselyClosed(
  'Counts by limit; `stopped_for` in milliseconds.',
  Object.fromEntries(LIMITS.map((name) => [name, optional(number(name))])),
);
const DEADLINE = closed<LeaseDeadline>('When a lease starts its service by itself.', {
  boot: textKey('Boot id that it was armed in.'),
  uptime: number('Milliseconds since boot.'),
  at: time('For people.'),
});
const PLAN = closed<PlanMark>('A saved plan.', {
  id: textKey('Its id.'),
  at: time('When it was saved.'),
  by: textKey('Who saved it.'),
});

const REACHED = closed<Reached>('How a host that is elsewhere was reached. Never a password.', {
  name: textKey('Its name, as ssh is asked with.'),
  address: orNull(textKey("ssh's HostName.")),
  port: orNull(wholeKey('Its port.')),
  user: orNull(textKey('The login name.')),
  identity: orNull(textKey('Path of a private key.')),
  groups: texts('Its groups.'),
  labels: map('Its labels.', { type: 'string' }),
  become: yesNo('Root through sudo.'),
  config: orNull(textKey("ssh's configuration file. Null: the user's own.")),
});

const DRILL = closed<DrillMark>('A rehearsal: never counted, never taken up for a real run.', {
  scene: textKey('The folder that it was built in.'),
});
const OWN = closed<OwnPlaces>('The places that the user has changed for this run: its journals, its lock.', {
  state: optional(textKey('The folder of the journals.')),
  lock: optional(textKey('The name of the lock.')),
});

type BlockOf<K extends Block['kind']> = Omit<Extract<Block, { readonly kind: K }>, 'kind'>;
const block = (kind: Block['kind'], shape: Loose): Schema =>
  looselyClosed(`A ${kind}.`, { kind: { const: kind }, ...shape });

const PARTS: Readonly<Record<string, Schema>> = {
  block: {
    description: 'Something to show: the same on a terminal, in Markdown, on a page.',
    anyOf: [
      block('text', { lines: texts('The lines.') } satisfies Shape<BlockOf<'text'>>),
      block('table', {
        title: textKey('Its title; may be empty.'),
        columns: texts('Heads.'),
        rows: listKey('Rows of cells.', { type: 'array', items: { type: 'string' } }),
        first: optional(wholeKey('So many rows a screen shows; absent: twenty.')),
      } satisfies Shape<BlockOf<'table'>>),
      block('diff', {
        path: textKey('The file.'),
        before: textKey('Its text.'),
        after: textKey('Its text.'),
      } satisfies Shape<BlockOf<'diff'>>),
      block('series', {
        title: textKey('Its title.'),
        values: listKey('Oldest first.', { type: 'number' }),
      } satisfies Shape<BlockOf<'series'>>),
    ],
  },
  measure: {
    description: 'What a probe measured. Null: it could not look.',
    anyOf: [
      { type: ['number', 'string', 'boolean', 'null'] },
      looselyClosed('A part of a whole.', { value: number('The part.'), of: number('The whole.') }),
    ],
  },
  finding: closed<Finding>('What a probe saw.', {
    summary: textKey('One line.'),
    measures: map('By name.', partKey('measure')),
    unknown: optional(textKey('Why it could not look.')),
    detail: any("The verb's own form."),
    blocks: listKey('What it shows.', partKey('block')),
  }),
  judgement: closed<Judgement>('One expectation, judged.', {
    truth: wordKey('Whether it holds.', TRUTHS),
    wanted: textKey('In words.'),
    seen: textKey('In words.'),
  }),
  targets: closed<Targets>('What an action would touch, or means to touch.', {
    kind: wordKey('Of what kind.', [
      'processes',
      'files',
      'service',
      'file',
      'command',
      'person',
      'none',
    ] satisfies Targets['kind'][]),
    count: wholeKey('How many.'),
    bytes: optional(number('How many bytes.')),
    members: texts('All of them up to 1000, then a sample.'),
    detail: any("The verb's own form."),
  }),
  undo: {
    description: 'How it is undone.',
    anyOf: [
      looselyClosed('By itself.', {
        kind: { const: 'revert' },
        say: textKey('In words.'),
        data: any("The verb's own form."),
      }),
      looselyClosed('Not at all.', {
        kind: { const: 'irreversible' },
        because: textKey('Why.'),
        evidence: textKey('What is kept.'),
      }),
      looselyClosed('Nothing to undo.', { kind: { const: 'nothing' } }),
    ],
  },
  declared: {
    description: 'The undo that the author of the runbook wrote beside a step.',
    anyOf: [
      looselyClosed('A note for a person.', { kind: { const: 'note' }, text: textKey('What to do by hand.') }),
      looselyClosed('Steps, in this order.', {
        kind: { const: 'steps' },
        steps: listKey(
          'The steps.',
          closed<UndoStep>('A step.', {
            verb: textKey('Its verb.'),
            arg: any("The verb's own form."),
            say: textKey('In words.'),
          }),
        ),
      }),
    ],
  },
  observation: closed<ObservationShown>('What an action would do, seen without doing it.', {
    verdict: wordKey('Whether there is anything to do, and whether it can be done.', ['change', 'nothing', 'cannot']),
    reason: optional(textKey('Why it cannot be done.')),
    summary: textKey('One line.'),
    targets: partKey('targets'),
    state: optional(
      looselyClosed('Before and after, in a word each.', { now: textKey('Now.'), after: textKey('After.') }),
    ),
    blocks: listKey('What it shows.', partKey('block')),
    undo: partKey('undo'),
    costs: USED,
    explain: texts('What a person would type.'),
    estimate: orNull(number('Milliseconds; null: nobody can tell.')),
    warnings: texts('What to mind.'),
    lease: optional(
      looselyClosed('What it stops must run again.', {
        key: textKey('The name of the lease.'),
        // Absent in journals from the time before a lease could outlive its engine.
        service: optional(textKey('What must run again.')),
        also: optional(listKey('What goes down with it, and is started with it.', { type: 'string' })),
        within: number('Milliseconds.'),
        undo: any("The verb's own form."),
        say: textKey('In words.'),
      } satisfies Readonly<Record<keyof LeaseTerms, Schema | Optional>>),
    ),
  }),
  applied: closed<Applied>('What came of an act.', {
    outcome: wordKey('How it went; `partial`: it stopped at a safe point.', ['done', 'partial', 'failed']),
    summary: textKey('One line.'),
    reason: optional(textKey('Why not all of it.')),
    used: USED,
    blocks: listKey('What it shows.', partKey('block')),
    undo: optional(partKey('undo')),
    releases: optional(texts('Leases that it has fulfilled.')),
  }),
};

const OUTLINE = closed<StepOutline>('A step.', {
  id: STEP,
  phase: wordKey('Its phase.', PHASES),
  verb: textKey('Its verb.'),
  why: orNull(textKey('Why, in the words of its author.')),
  kind: wordKey('What it does.', ['probe', 'action', 'watch']),
});
const DECISION = closed<Decision>('Whether a step may be done.', {
  effect: wordKey('What was decided.', ['allow', 'ask', 'deny', 'over-limit'] satisfies Decision['effect'][]),
  reason: textKey('In words.'),
  rule: orNull(textKey("The policy's rule that made it.")),
});
const DRIFT = closed<StepDrift>('How far the targets of a step have moved since the plan.', {
  step: STEP,
  kind: wordKey('Of what kind.', ['processes', 'files']),
  planned: wholeKey('How many the plan found.'),
  now: wholeKey('How many there are.'),
  new: wholeKey('How many came; of files, at least.'),
  gone: wholeKey('How many went; of files, at least.'),
});
const MISSED = closed<MissedJob>('A cron job whose minute passed while cron was stopped.', {
  file: textKey('The crontab.'),
  schedule: textKey('As it is written there.'),
  command: textKey('What would have run.'),
  minutes: texts('Which minutes, at most ten.'),
});
const PROGRESS = closed<Progress>('How far it is.', {
  done: number('So many.'),
  total: number('Of so many.'),
  rate: optional(number('A second.')),
  text: textKey('In words.'),
});

// ---------------------------------------------------------------- facts

type ShapeOf<T extends Fact['type']> = Shape<Omit<Extract<Fact, { readonly type: T }>, 'type'>>;
type Facts = { readonly [T in Fact['type']]: { readonly about: string; readonly shape: ShapeOf<T> } };

const TOLD: Facts = {
  'run.started': {
    about: 'A run begins: what it will do, who started it, what it is held to.',
    shape: {
      runbook: RUNBOOK,
      text: textKey("The runbook's text as it was."),
      params: map('The parameters, by name.', any('A value.')),
      limits: USED,
      steps: listKey('In the order of the runbook.', OUTLINE),
      who: textKey('Who started it.'),
      mode: wordKey('Who decides.', ['interactive', 'unattended', 'plan']),
      policy: POLICY,
      tool: textKey("Firebreak's version."),
      boot: BOOT,
      plan: optional(PLAN),
      target: optional(REACHED),
      drill: optional(DRILL),
      own: optional(OWN),
    },
  },
  'run.resumed': {
    about: 'The same journal goes on, after a crash, an interrupt, or to roll back.',
    shape: {
      to: wordKey('What for.', ['finish', 'roll-back']),
      who: textKey('Who took it up.'),
      mode: wordKey('Who decides.', ['interactive', 'unattended']),
      policy: POLICY,
      tool: textKey("Firebreak's version."),
      boot: BOOT,
      hash: textKey('SHA-256 of the runbook as it is now.'),
    },
  },
  'step.started': {
    about: 'A step begins.',
    shape: { step: STEP, phase: wordKey('Its phase.', PHASES), verb: textKey('Its verb.') },
  },
  'probe.found': {
    about: 'A probe has looked.',
    shape: {
      step: STEP,
      finding: partKey('finding'),
      truth: wordKey('What it says; `informs`: it does not decide.', [...TRUTHS, 'informs']),
      judgements: listKey('Its expectations.', partKey('judgement')),
    },
  },
  'diagnosis.made': {
    about: 'Whether this is the incident.',
    shape: {
      verdict: wordKey('The answer.', ['this-incident', 'looked-only', 'not-this-incident', 'unknown']),
      reasons: texts('Why not.'),
    },
  },
  'plan.compared': {
    about: 'The saved plan was compared with the host and is still valid; its targets have changed by this much.',
    shape: { plan: PLAN, drift: listKey('By step.', DRIFT) },
  },
  'plan.pinned': {
    about:
      'What the plan found, before the first act: whoever goes on later finds out whether the host is still like that.',
    shape: {
      pinned: listKey(
        'A line each.',
        closed<IdentityLine>('One.', { name: textKey('What.'), value: textKey('As it was found.') }),
      ),
    },
  },
  'action.observed': {
    about: 'What an action would do now.',
    shape: { step: STEP, observation: partKey('observation') },
  },
  'policy.decided': { about: 'The policy has decided on a step.', shape: { step: STEP, decision: DECISION } },
  'approval.asked': { about: 'A person is asked.', shape: { step: STEP, question: textKey('What is asked.') } },
  'approval.given': {
    about: 'A person has answered.',
    shape: {
      step: STEP,
      choice: wordKey('The answer.', ['run', 'skip', 'by-hand', 'undo', 'quit']),
      by: textKey('Who answered.'),
      reason: orNull(textKey('In their words.')),
    },
  },
  'action.intended': {
    about: 'On disk before the host is touched. An intent without an outcome is unknown.',
    shape: {
      step: STEP,
      verb: textKey('Its verb.'),
      attempt: wholeKey('1, or more where it is tried again.'),
      targets: partKey('targets'),
      undo: partKey('undo'),
      declared: optional(partKey('declared')),
      records: map('Bytes that are kept beside the journal, by the name that the action gave them.', {
        type: 'string',
      }),
      costs: optional(USED),
    },
  },
  'action.reserved': {
    about:
      'On disk before more is taken: so much of the limits the attempt may have used from now on, whatever becomes of it.',
    shape: {
      step: STEP,
      used: USED,
      ids: optional(texts('Of whom, where they can be told apart: processes by pid and start.')),
    },
  },
  'action.settled': {
    about: 'An attempt whose outcome nobody wrote down: so much of what it had reserved is counted as used.',
    shape: { step: STEP, used: USED },
  },
  'action.progress': { about: 'An action goes on.', shape: { step: STEP, progress: PROGRESS } },
  'action.applied': { about: 'What came of an intent.', shape: { step: STEP, applied: partKey('applied') } },
  'step.finished': {
    about: 'A step is over.',
    shape: {
      step: STEP,
      outcome: wordKey('How.', ['done', 'nothing-to-do', 'skipped', 'by-hand', 'failed', 'partial', 'not-reached']),
      reason: orNull(textKey('Why.')),
      declared: optional(partKey('declared')),
    },
  },
  'lease.armed': {
    about: 'What will be stopped is started again by a deadline, whatever happens.',
    shape: {
      step: STEP,
      key: textKey('The name of the lease.'),
      service: optional(textKey('What must run again.')),
      also: optional(listKey('What goes down with it, and is started with it.', { type: 'string' })),
      within: number('Milliseconds.'),
      undo: any("The verb's own form."),
      say: textKey('In words.'),
      handle: optional(any('What starts it with nobody alive. Null: only the engine watches.')),
      deadline: optional(orNull(DEADLINE)),
    },
  },
  'lease.renewed': {
    about: 'The live engine has put it off.',
    shape: {
      key: textKey('The name of the lease.'),
      handle: any('What starts it with nobody alive.'),
      deadline: DEADLINE,
    },
  },
  'lease.released': {
    about: 'What was stopped runs again: it is fulfilled.',
    shape: { key: textKey('The name of the lease.'), by: textKey('The step.') },
  },
  'lease.restored': {
    about: 'The engine has started what was stopped.',
    shape: { key: textKey('The name of the lease.'), ok: yesNo('Whether it runs.'), summary: textKey('One line.') },
  },
  'watch.sampled': {
    about: 'A look of a watch.',
    shape: {
      step: STEP,
      values: map('By step and measure. Null: it could not look.', { type: ['number', 'null'] }),
      texts: optional(map('By step and measure, what is no number.', { type: 'string' })),
      broken: texts('Lines of `hold` that were not true.'),
      standing: optional(
        wordKey('Why a bad sample does not count.', ['settling', 'tolerated'] satisfies WatchStanding[]),
      ),
      minutes: orNull(number("In how many of cron's minutes a job was seen to run.")),
      left: number('Milliseconds to go.'),
    },
  },
  'watch.judged': {
    about: 'Whether it held.',
    shape: {
      step: STEP,
      verdict: wordKey('The verdict.', ['held', 'recurred', 'inconclusive']),
      reasons: texts('Why.'),
    },
  },
  'rollback.started': {
    about: 'What was done is undone, newest first.',
    shape: { why: textKey('Why.'), steps: texts('Which steps.') },
  },
  'undo.intended': {
    about: 'On disk before a step is undone.',
    shape: { step: STEP, say: textKey('In words.'), part: optional(UNDO_PART), targets: optional(partKey('targets')) },
  },
  'undo.applied': {
    about: 'What came of it.',
    shape: { step: STEP, applied: partKey('applied'), part: optional(UNDO_PART) },
  },
  'rollback.finished': {
    about: 'The rollback is over.',
    shape: { complete: yesNo('Whether all is undone.'), left: texts('What is not.') },
  },
  interrupted: {
    about: 'A signal: the run goes to its next safe point.',
    shape: { signal: textKey('Its name.'), doing: textKey('What was at work.') },
  },
  note: { about: 'A word for whoever reads.', shape: { text: textKey('One line.') } },
  'run.finished': {
    about: 'A run is over.',
    shape: {
      outcome: wordKey('How; each has an exit code.', Object.keys(OUTCOMES)),
      verdict: orNull(wordKey("The watch's verdict.", ['held', 'recurred', 'inconclusive'])),
      reasons: texts('Why.'),
      open: texts('What stays for a person.'),
      missed: listKey('Cron jobs that did not run.', MISSED),
    },
  },
};
const FACTS: Readonly<Record<string, Described>> = { ...(TOLD as Readonly<Record<string, Described>>), ...FLEET_FACTS };
