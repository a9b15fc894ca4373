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
  list,
  looselyClosed,
  map,
  number,
  type Optional,
  optional,
  orNull,
  part,
  type Shape,
  text,
  texts,
  time,
  whole,
  word,
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

const STEP = text('The id of the step.');
const UNDO_PART = whole(
  'A step of the undo that the runbook declares, from 1; absent: what the action itself derived.',
);
const TRUTHS = ['yes', 'no', 'unknown'] as const;

const STAMP: Shape<Stamp> = {
  v: { const: EVENT_VERSION },
  seq: { type: 'integer', minimum: 1, description: '1, 2, 3 ... within the run.' },
  at: time('When.'),
  mono: { type: 'integer', description: 'Milliseconds on a clock that nobody sets: for differences.' },
  run: text('The id of the run.'),
  host: text('Where.'),
};

// ---------------------------------------------------------------- what facts are made of

type RunStarted = Extract<Fact, { readonly type: 'run.started' }>;
const RUNBOOK = closed<RunStarted['runbook']>('Which runbook.', {
  name: text('Its name.'),
  version: text('Its own version.'),
  title: text('One line: the incident.'),
  path: text('Where it was read from.'),
  hash: text('SHA-256 of its bytes.'),
});
const POLICY = orNull(
  closed<NonNullable<RunStarted['policy']>>('The policy that decides.', {
    path: text('Its file.'),
    hash: text('SHA-256 of its bytes.'),
  }),
);
const BOOT = closed<RunStarted['boot']>('The life of the machine.', {
  id: text('Boot id.'),
  at: number('When it was booted, epoch milliseconds.'),
});
const USED = looselyClosed(
  'Counts by limit; `stopped_for` in milliseconds.',
  Object.fromEntries(LIMITS.map((name) => [name, optional(number(name))])),
);
const DEADLINE = closed<LeaseDeadline>('When a lease starts its service by itself.', {
  boot: text('Boot id that it was armed in.'),
  uptime: number('Milliseconds since boot.'),
  at: time('For people.'),
});
const PLAN = closed<PlanMark>('A saved plan.', {
  id: text('Its id.'),
  at: time('When it was saved.'),
  by: text('Who saved it.'),
});

const REACHED = closed<Reached>('How a host that is elsewhere was reached. Never a password.', {
  name: text('Its name, as ssh is asked with.'),
  address: orNull(text("ssh's HostName.")),
  port: orNull(whole('Its port.')),
  user: orNull(text('The login name.')),
  identity: orNull(text('Path of a private key.')),
  groups: texts('Its groups.'),
  labels: map('Its labels.', { type: 'string' }),
  become: yesNo('Root through sudo.'),
  config: orNull(text("ssh's configuration file. Null: the user's own.")),
});

const DRILL = closed<DrillMark>('A rehearsal: never counted, never taken up for a real run.', {
  scene: text('The folder that it was built in.'),
});
const OWN = closed<OwnPlaces>('The places that the user has changed for this run: its journals, its lock.', {
  state: optional(text('The folder of the journals.')),
  lock: optional(text('The name of the lock.')),
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
        title: text('Its title; may be empty.'),
        columns: texts('Heads.'),
        rows: list('Rows of cells.', { type: 'array', items: { type: 'string' } }),
        first: optional(whole('So many rows a screen shows; absent: twenty.')),
      } satisfies Shape<BlockOf<'table'>>),
      block('diff', { path: text('The file.'), before: text('Its text.'), after: text('Its text.') } satisfies Shape<
        BlockOf<'diff'>
      >),
      block('series', { title: text('Its title.'), values: list('Oldest first.', { type: 'number' }) } satisfies Shape<
        BlockOf<'series'>
      >),
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
    summary: text('One line.'),
    measures: map('By name.', part('measure')),
    unknown: optional(text('Why it could not look.')),
    detail: any("The verb's own form."),
    blocks: list('What it shows.', part('block')),
  }),
  judgement: closed<Judgement>('One expectation, judged.', {
    truth: word('Whether it holds.', TRUTHS),
    wanted: text('In words.'),
    seen: text('In words.'),
  }),
  targets: closed<Targets>('What an action would touch, or means to touch.', {
    kind: word('Of what kind.', [
      'processes',
      'files',
      'service',
      'file',
      'command',
      'person',
      'none',
    ] satisfies Targets['kind'][]),
    count: whole('How many.'),
    bytes: optional(number('How many bytes.')),
    members: texts('All of them up to 1000, then a sample.'),
    detail: any("The verb's own form."),
  }),
  undo: {
    description: 'How it is undone.',
    anyOf: [
      looselyClosed('By itself.', {
        kind: { const: 'revert' },
        say: text('In words.'),
        data: any("The verb's own form."),
      }),
      looselyClosed('Not at all.', {
        kind: { const: 'irreversible' },
        because: text('Why.'),
        evidence: text('What is kept.'),
      }),
      looselyClosed('Nothing to undo.', { kind: { const: 'nothing' } }),
    ],
  },
  declared: {
    description: 'The undo that the author of the runbook wrote beside a step.',
    anyOf: [
      looselyClosed('A note for a person.', { kind: { const: 'note' }, text: text('What to do by hand.') }),
      looselyClosed('Steps, in this order.', {
        kind: { const: 'steps' },
        steps: list(
          'The steps.',
          closed<UndoStep>('A step.', {
            verb: text('Its verb.'),
            arg: any("The verb's own form."),
            say: text('In words.'),
          }),
        ),
      }),
    ],
  },
  observation: closed<ObservationShown>('What an action would do, seen without doing it.', {
    verdict: word('Whether there is anything to do, and whether it can be done.', ['change', 'nothing', 'cannot']),
    reason: optional(text('Why it cannot be done.')),
    summary: text('One line.'),
    targets: part('targets'),
    state: optional(looselyClosed('Before and after, in a word each.', { now: text('Now.'), after: text('After.') })),
    blocks: list('What it shows.', part('block')),
    undo: part('undo'),
    costs: USED,
    explain: texts('What a person would type.'),
    estimate: orNull(number('Milliseconds; null: nobody can tell.')),
    warnings: texts('What to mind.'),
    lease: optional(
      looselyClosed('What it stops must run again.', {
        key: text('The name of the lease.'),
        // Absent in journals from the time before a lease could outlive its engine.
        service: optional(text('What must run again.')),
        also: optional(list('What goes down with it, and is started with it.', { type: 'string' })),
        within: number('Milliseconds.'),
        undo: any("The verb's own form."),
        say: text('In words.'),
      } satisfies Readonly<Record<keyof LeaseTerms, Schema | Optional>>),
    ),
  }),
  applied: closed<Applied>('What came of an act.', {
    outcome: word('How it went; `partial`: it stopped at a safe point.', ['done', 'partial', 'failed']),
    summary: text('One line.'),
    reason: optional(text('Why not all of it.')),
    used: USED,
    blocks: list('What it shows.', part('block')),
    undo: optional(part('undo')),
    releases: optional(texts('Leases that it has fulfilled.')),
  }),
};

const OUTLINE = closed<StepOutline>('A step.', {
  id: STEP,
  phase: word('Its phase.', PHASES),
  verb: text('Its verb.'),
  why: orNull(text('Why, in the words of its author.')),
  kind: word('What it does.', ['probe', 'action', 'watch']),
});
const DECISION = closed<Decision>('Whether a step may be done.', {
  effect: word('What was decided.', ['allow', 'ask', 'deny', 'over-limit'] satisfies Decision['effect'][]),
  reason: text('In words.'),
  rule: orNull(text("The policy's rule that made it.")),
});
const DRIFT = closed<StepDrift>('How far the targets of a step have moved since the plan.', {
  step: STEP,
  kind: word('Of what kind.', ['processes', 'files']),
  planned: whole('How many the plan found.'),
  now: whole('How many there are.'),
  new: whole('How many came; of files, at least.'),
  gone: whole('How many went; of files, at least.'),
});
const MISSED = closed<MissedJob>('A cron job whose minute passed while cron was stopped.', {
  file: text('The crontab.'),
  schedule: text('As it is written there.'),
  command: text('What would have run.'),
  minutes: texts('Which minutes, at most ten.'),
});
const PROGRESS = closed<Progress>('How far it is.', {
  done: number('So many.'),
  total: number('Of so many.'),
  rate: optional(number('A second.')),
  text: text('In words.'),
});

// ---------------------------------------------------------------- facts

type ShapeOf<T extends Fact['type']> = Shape<Omit<Extract<Fact, { readonly type: T }>, 'type'>>;
type Facts = { readonly [T in Fact['type']]: { readonly about: string; readonly shape: ShapeOf<T> } };

const TOLD: Facts = {
  'run.started': {
    about: 'A run begins: what it will do, who started it, what it is held to.',
    shape: {
      runbook: RUNBOOK,
      text: text("The runbook's text as it was."),
      params: map('The parameters, by name.', any('A value.')),
      limits: USED,
      steps: list('In the order of the runbook.', OUTLINE),
      who: text('Who started it.'),
      mode: word('Who decides.', ['interactive', 'unattended', 'plan']),
      policy: POLICY,
      tool: text("Firebreak's version."),
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
      to: word('What for.', ['finish', 'roll-back']),
      who: text('Who took it up.'),
      mode: word('Who decides.', ['interactive', 'unattended']),
      policy: POLICY,
      tool: text("Firebreak's version."),
      boot: BOOT,
      hash: text('SHA-256 of the runbook as it is now.'),
    },
  },
  'step.started': {
    about: 'A step begins.',
    shape: { step: STEP, phase: word('Its phase.', PHASES), verb: text('Its verb.') },
  },
  'probe.found': {
    about: 'A probe has looked.',
    shape: {
      step: STEP,
      finding: part('finding'),
      truth: word('What it says; `informs`: it does not decide.', [...TRUTHS, 'informs']),
      judgements: list('Its expectations.', part('judgement')),
    },
  },
  'diagnosis.made': {
    about: 'Whether this is the incident.',
    shape: {
      verdict: word('The answer.', ['this-incident', 'looked-only', 'not-this-incident', 'unknown']),
      reasons: texts('Why not.'),
    },
  },
  'plan.compared': {
    about: 'The saved plan was compared with the host and is still valid; its targets have changed by this much.',
    shape: { plan: PLAN, drift: list('By step.', DRIFT) },
  },
  'plan.pinned': {
    about:
      'What the plan found, before the first act: whoever goes on later finds out whether the host is still like that.',
    shape: {
      pinned: list(
        'A line each.',
        closed<IdentityLine>('One.', { name: text('What.'), value: text('As it was found.') }),
      ),
    },
  },
  'action.observed': { about: 'What an action would do now.', shape: { step: STEP, observation: part('observation') } },
  'policy.decided': { about: 'The policy has decided on a step.', shape: { step: STEP, decision: DECISION } },
  'approval.asked': { about: 'A person is asked.', shape: { step: STEP, question: text('What is asked.') } },
  'approval.given': {
    about: 'A person has answered.',
    shape: {
      step: STEP,
      choice: word('The answer.', ['run', 'skip', 'by-hand', 'undo', 'quit']),
      by: text('Who answered.'),
      reason: orNull(text('In their words.')),
    },
  },
  'action.intended': {
    about: 'On disk before the host is touched. An intent without an outcome is unknown.',
    shape: {
      step: STEP,
      verb: text('Its verb.'),
      attempt: whole('1, or more where it is tried again.'),
      targets: part('targets'),
      undo: part('undo'),
      declared: optional(part('declared')),
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
  'action.applied': { about: 'What came of an intent.', shape: { step: STEP, applied: part('applied') } },
  'step.finished': {
    about: 'A step is over.',
    shape: {
      step: STEP,
      outcome: word('How.', ['done', 'nothing-to-do', 'skipped', 'by-hand', 'failed', 'partial', 'not-reached']),
      reason: orNull(text('Why.')),
      declared: optional(part('declared')),
    },
  },
  'lease.armed': {
    about: 'What will be stopped is started again by a deadline, whatever happens.',
    shape: {
      step: STEP,
      key: text('The name of the lease.'),
      service: optional(text('What must run again.')),
      also: optional(list('What goes down with it, and is started with it.', { type: 'string' })),
      within: number('Milliseconds.'),
      undo: any("The verb's own form."),
      say: text('In words.'),
      handle: optional(any('What starts it with nobody alive. Null: only the engine watches.')),
      deadline: optional(orNull(DEADLINE)),
    },
  },
  'lease.renewed': {
    about: 'The live engine has put it off.',
    shape: {
      key: text('The name of the lease.'),
      handle: any('What starts it with nobody alive.'),
      deadline: DEADLINE,
    },
  },
  'lease.released': {
    about: 'What was stopped runs again: it is fulfilled.',
    shape: { key: text('The name of the lease.'), by: text('The step.') },
  },
  'lease.restored': {
    about: 'The engine has started what was stopped.',
    shape: { key: text('The name of the lease.'), ok: yesNo('Whether it runs.'), summary: text('One line.') },
  },
  'watch.sampled': {
    about: 'A look of a watch.',
    shape: {
      step: STEP,
      values: map('By step and measure. Null: it could not look.', { type: ['number', 'null'] }),
      texts: optional(map('By step and measure, what is no number.', { type: 'string' })),
      broken: texts('Lines of `hold` that were not true.'),
      standing: optional(word('Why a bad sample does not count.', ['settling', 'tolerated'] satisfies WatchStanding[])),
      minutes: orNull(number("In how many of cron's minutes a job was seen to run.")),
      left: number('Milliseconds to go.'),
    },
  },
  'watch.judged': {
    about: 'Whether it held.',
    shape: { step: STEP, verdict: word('The verdict.', ['held', 'recurred', 'inconclusive']), reasons: texts('Why.') },
  },
  'rollback.started': {
    about: 'What was done is undone, newest first.',
    shape: { why: text('Why.'), steps: texts('Which steps.') },
  },
  'undo.intended': {
    about: 'On disk before a step is undone.',
    shape: { step: STEP, say: text('In words.'), part: optional(UNDO_PART), targets: optional(part('targets')) },
  },
  'undo.applied': {
    about: 'What came of it.',
    shape: { step: STEP, applied: part('applied'), part: optional(UNDO_PART) },
  },
  'rollback.finished': {
    about: 'The rollback is over.',
    shape: { complete: yesNo('Whether all is undone.'), left: texts('What is not.') },
  },
  interrupted: {
    about: 'A signal: the run goes to its next safe point.',
    shape: { signal: text('Its name.'), doing: text('What was at work.') },
  },
  note: { about: 'A word for whoever reads.', shape: { text: text('One line.') } },
  'run.finished': {
    about: 'A run is over.',
    shape: {
      outcome: word('How; each has an exit code.', Object.keys(OUTCOMES)),
      verdict: orNull(word("The watch's verdict.", ['held', 'recurred', 'inconclusive'])),
      reasons: texts('Why.'),
      open: texts('What stays for a person.'),
      missed: list('Cron jobs that did not run.', MISSED),
    },
  },
};
const FACTS: Readonly<Record<string, Described>> = { ...(TOLD as Readonly<Record<string, Described>>), ...FLEET_FACTS };
