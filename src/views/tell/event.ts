import { because, type Document, type Tone } from '../../model/document.ts';
import type { EventOf, RunEvent } from '../../model/event.ts';
import { OUTCOMES } from '../../model/outcome.ts';
import { sayCompared } from '../../model/run/drift.ts';
import type { RunState, StepState } from '../../model/state.ts';
import { plural, showCount, showDuration, showText } from '../../model/text/quantity.ts';
import { showNumber } from '../number.ts';
import { clockText } from './clock.ts';
import { brokenWords, measureName } from './watch-words.ts';

/** What an event is told as: the only place where it gets its words. Every view draws some of them. */
export interface EventTold {
  /** Whose line it is in a log: a step's, or `run`, `lease`, `rollback`. */
  readonly who: string;
  /** One word that a log is searched for. */
  readonly word: string;
  /** What a log says behind both; null: no line. */
  readonly text: string | null;
  /** A sentence for whoever reads it later; null: not worth one. */
  readonly story: string | null;
  /** What a person at the screen is told as it happens. */
  readonly now: string | null;
  /** What the log of many hosts says of it; null: it is in the host's own. */
  readonly many: readonly [word: string, text: string] | null;
  /** What stands before it on the screen: a sign, and its colour. */
  readonly mark?: readonly [mark: string, tone: Tone];
}

/** The run with the event, and before it. */
export interface Around {
  readonly state: RunState;
  readonly before: RunState;
}

type Wording<K extends RunEvent['type']> = (event: EventOf<K>, around: Around) => Partial<EventTold>;

const words = (kind: string): string => kind.replaceAll('-', ' ');
const GOOD = ['✔', 'green'] as const;
const BAD = ['✘', 'bad'] as const;

const DIAGNOSED = {
  'this-incident': ['incident', 'This is the incident.', 'good'],
  'looked-only': ['looked', 'Looked only: nothing here decides whether this is an incident.', 'good'],
  'not-this-incident': ['no', 'This is not the incident: nothing will be done.', 'warn'],
  unknown: ['unknown', 'It could not look at everything: nothing will be done.', 'bad'],
} as const;

const TRUTHS = { yes: GOOD, no: BAD, unknown: ['?', 'warn'], informs: ['i', 'cyan'] } as const;
const EFFECTS = { allow: 'allowed', ask: 'asks', deny: 'denied', 'over-limit': 'denied' } as const;
const VERDICTS = { held: ['✔', 'good'], recurred: BAD, inconclusive: ['?', 'warn'] } as const;

const WORDING: { readonly [K in RunEvent['type']]: Wording<K> } = {
  'run.started': ({ runbook: { name, version }, host, mode, who, run, drill }) => ({
    text: `${drill ? 'drill of ' : ''}${name} ${version} on ${host}, ${mode}, by ${who}, run ${run}`,
    story: `started by ${who}, ${mode}`,
    word: 'started',
  }),
  'run.resumed': ({ to, who, mode }) => ({
    word: 'resumed',
    text: `to ${to}, ${mode}, by ${who}`,
    story: `taken up again by ${who} to ${words(to)}, ${mode}`,
    now: `resumed to ${to}, by ${who}`,
  }),
  'step.started': ({ phase }) => ({ now: phase === 'verify' ? 'watching' : 'looking' }),
  'probe.found': ({ truth, finding: { summary } }) => ({
    word: truth,
    text: summary,
    story: `${truth === 'informs' ? 'seen' : truth}: ${summary}`,
    now: summary,
    mark: TRUTHS[truth],
  }),
  'diagnosis.made': ({ verdict, reasons }) => {
    const [word, now, tone] = DIAGNOSED[verdict];
    const [text, story] = [[verdict, ...reasons].join('; '), [`diagnosis: ${words(verdict)}`, ...reasons].join('; ')];
    return { who: 'diagnosis', word, text, story, now, mark: ['', tone] };
  },
  'plan.compared': ({ plan, drift }) => {
    const [text, story] = [sayCompared(plan, drift), `the plan holds: ${sayCompared(plan, drift)}`];
    return { who: 'plan', word: 'holds', text, story, now: story };
  },
  'plan.pinned': () => ({}),
  'action.observed': ({ observation: { verdict, summary, reason } }) => ({
    ...(verdict === 'cannot' && { word: 'cannot', text: reason ?? summary }),
    now: summary,
  }),
  'policy.decided': ({ decision: { effect, reason } }) => ({
    word: EFFECTS[effect],
    text: reason,
    story: effect === 'allow' ? null : `policy: ${effect}, ${reason}`,
  }),
  'approval.asked': ({ question }) => ({ word: 'asks', text: question }),
  'approval.given': ({ choice, by, reason }) => ({
    word: 'answer',
    text: `${choice} by ${by}${because(reason)}`,
    story: `${by} says ${choice}${because(reason)}`,
  }),
  'action.intended': ({ verb, targets: { count }, attempt }) => ({
    word: 'acts',
    text: `${verb}, ${plural(count, 'target')}${attempt > 1 ? `, attempt ${attempt}` : ''}`,
    story: attempt > 1 ? `attempt ${attempt}` : null,
    now: `${verb} ${plural(count, 'target')}`,
  }),
  'action.reserved': () => ({}),
  // What is not known counts, and whoever is told of a limit later has read why.
  'action.settled': ({ used }) => {
    const counts = Object.entries(used).flatMap(([name, count]) => (count > 0 ? [`${name} ${showCount(count)}`] : []));
    const text = `${counts.join(', ')}: what the attempt that was cut short may have used`;
    return counts.length === 0 ? {} : { word: 'counts', text };
  },
  'action.progress': ({ progress: { text } }) => ({ word: 'progress', text, now: text }),
  'action.applied': ({ applied: { outcome, summary, reason } }) => ({
    story: `${outcome}: ${summary}${because(reason)}`,
  }),
  'step.finished': finished,
  'lease.armed': ({ key, within, say }) => ({
    word: 'lease',
    text: `armed for ${showDuration(within)}: ${say}`,
    story: `lease ${key} for ${showDuration(within)}: ${say}`,
  }),
  'lease.renewed': ({ key, deadline }) => ({
    who: 'lease',
    word: 'renewed',
    text: `until ${clockText(deadline.at)} UTC: ${key}`,
    story: `lease ${key} renewed until ${clockText(deadline.at)}`,
  }),
  'lease.released': ({ key, by }) => ({
    who: by,
    word: 'lease',
    text: `released: ${key}`,
    story: `lease ${key} released by ${by}`,
  }),
  'lease.restored': ({ key, ok, summary }) => ({
    who: 'lease',
    word: ok ? 'done' : 'failed',
    text: summary,
    story: `lease ${key} ${ok ? 'restored' : 'COULD NOT BE RESTORED'}: ${summary}`,
    now: `lease: ${summary}`,
    many: ok ? null : ['failed', `lease ${key}: ${summary}`],
    mark: ok ? GOOD : BAD,
  }),
  'watch.sampled': sampled,
  'watch.judged': ({ step, verdict, reasons }) => ({
    word: verdict,
    text: reasons.join('; '),
    story: [`verdict: ${verdict}`, ...reasons].join('; '),
    many: verdict === 'held' ? null : [verdict, `${step}: ${reasons.join('; ')}`],
    mark: VERDICTS[verdict],
  }),
  'rollback.started': ({ why, steps }) => ({
    who: 'rollback',
    word: 'started',
    text: `${why}: ${steps.join(', ')}`,
    story: `rollback of ${plural(steps.length, 'step')}, because ${why}`,
    now: why,
    many: ['undoes', `${why}: ${steps.join(', ')}`],
  }),
  'undo.intended': ({ say }) => ({ word: 'undoes', text: say, now: `undo: ${say}` }),
  'undo.applied': ({ applied: { outcome, summary, reason } }) => ({
    word: outcome,
    text: `undo: ${reason ?? summary}`,
    story: `undo ${outcome}: ${summary}${because(reason)}`,
    now: `${summary}${because(reason)}`,
    mark: outcome === 'done' ? GOOD : BAD,
  }),
  'rollback.finished': ({ complete, left }) => ({
    who: 'rollback',
    word: complete ? 'done' : 'failed',
    text: complete ? 'complete' : `left: ${left.join('; ')}`,
    story: complete ? 'rollback complete' : `rollback incomplete: ${left.join('; ')}`,
    many: complete ? null : ['failed', `not undone: ${left.join('; ')}`],
  }),
  interrupted: ({ signal, doing }) => ({
    word: 'signal',
    text: `${signal} while ${doing}`,
    story: `interrupted by ${signal} during ${doing}`,
    now: `${signal}: stopping at the next safe point (${doing})`,
    many: ['signal', `${signal} while ${doing}`],
  }),
  note: ({ text }) => ({ word: 'note', text, story: text, now: text, many: ['note', text] }),
  'run.finished': ({ outcome, reasons }) => ({
    word: 'ended',
    text: [`${outcome}, exit ${OUTCOMES[outcome].exit}`, ...reasons].join('; '),
    story: [`ended: ${words(outcome)}`, ...reasons].join('; '),
  }),
};

/** Every kind of event that has words. */
export const TOLD_EVENTS: readonly string[] = Object.keys(WORDING);

/** What a run is, for whoever sees it begin. */
export function tellBeginning({ runbook, host, run, who }: EventOf<'run.started'>): Document {
  const text = `${runbook.name} ${runbook.version} on ${host}`;
  return [
    {
      kind: 'title',
      text,
      page: text,
      below: [{ text: runbook.title }, { text: `run ${run}, by ${who}`, tone: 'dim' }],
    },
  ];
}

/** Null: a newer version wrote it. */
export function tellEvent(event: RunEvent, around: Around): EventTold | null {
  const wording = (WORDING as Readonly<Record<string, Wording<RunEvent['type']>>>)[event.type];
  if (wording === undefined) return null;
  const who = 'step' in event && typeof event.step === 'string' ? event.step : 'run';
  return { who, word: event.type, text: null, story: null, now: null, many: null, ...wording(event as never, around) };
}

// ---------------------------------------------------------------- steps

/** A probe and a watch have said how they ended in a line of their own. */
function finished({ step: id, outcome, reason }: EventOf<'step.finished'>, { state }: Around): Partial<EventTold> {
  const step = state.steps.find((one) => one.id === id);
  const story = outcome === 'done' || outcome === 'partial' ? null : `${words(outcome)}${because(reason)}`;
  if (step === undefined || step.watch !== null || (step.kind === 'probe' && step.status === 'done')) return { story };
  const whole = step.status === 'done' || step.status === 'partial';
  const failed = outcome === 'failed' || outcome === 'partial';
  return {
    word: step.status,
    text: whole ? doneText(step) : (step.reason ?? ''),
    story,
    now: doneText(step),
    many: failed ? [outcome, `${id}: ${reason ?? 'it does not say why'}`] : null,
    mark: STATUS[step.status],
  };
}

export const STATUS: Readonly<Record<StepState['status'], readonly [mark: string, tone: Tone]>> = {
  waiting: ['·', 'dim'],
  started: ['·', 'dim'],
  asked: ['·', 'dim'],
  acting: ['?', 'warn'],
  acted: GOOD,
  done: GOOD,
  'nothing-to-do': GOOD,
  skipped: ['–', 'yellow'],
  'by-hand': ['✔', 'cyan'],
  failed: BAD,
  partial: ['!', 'warn'],
  'not-reached': ['·', 'dim'],
};

/** What came of a step, in one line. */
export function doneText({ status, applied, reason }: StepState): string {
  switch (status) {
    case 'done':
    case 'acted':
      return applied?.summary ?? 'done';
    case 'partial':
      return `${applied?.summary ?? 'in part'}${because(reason)}`;
    case 'nothing-to-do':
      return `nothing to do${because(reason)}`;
    case 'acting':
      return 'OUTCOME UNKNOWN: it was begun, and nothing says how it ended';
    case 'by-hand':
      return `done by hand${because(reason)}`;
    case 'failed':
      return `FAILED${because(reason)}`;
    case 'skipped':
      return `skipped${because(reason)}`;
    case 'waiting':
    case 'started':
    case 'asked':
    case 'not-reached':
      return 'not reached';
  }
}

function sampled({
  values,
  texts = {},
  broken,
  standing,
  minutes,
  left,
}: EventOf<'watch.sampled'>): Partial<EventTold> {
  const wrong = brokenWords(broken, standing);
  const numbers = Object.entries(values).map(([name, value]) => `${measureName(name)} ${showNumber(value)}`);
  const said = Object.entries(texts).map(([name, text]) => `${measureName(name)} ${showText(text)}`);
  const seen = minutes === null ? [] : [`${plural(minutes, 'cron minute')} seen`];
  const goesOn = left === 0 ? 'the end' : `${showDuration(left)} left`;
  const counts = broken.length > 0 && standing === undefined;
  return {
    word: counts ? 'broken' : 'watches',
    text: [...numbers, ...said, ...seen, goesOn, ...wrong].join(', '),
    story: broken.length === 0 ? null : counts ? `broken: ${broken.join('; ')}` : wrong.join('; '),
  };
}
