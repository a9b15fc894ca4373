import type { RunEvent } from '../model/event.ts';
import { OUTCOMES } from '../model/outcome.ts';
import type { View } from '../model/ports.ts';
import { sayCompared } from '../model/run/drift.ts';
import { apply, initialState, type RunState } from '../model/state.ts';
import { plural, showCount, showDuration, showText } from '../model/text/quantity.ts';
import { escaped } from './draw/escape.ts';
import { padEnd } from './draw/layout.ts';
import { showNumber } from './draw/sparkline.ts';
import { type Look, type Paper, paperOf } from './draw/style.ts';
import { doneText, measureName, renderSummary } from './summary.ts';
import { brokenWords } from './watch-words.ts';

/** At most a line in this many milliseconds for what only goes on: a log is read afterwards. */
const PROGRESS_EVERY = 5000;
const WATCH_EVERY = 30_000;

/**
 * For pipes, logs and unattended runs: `TIME STEP WORD text`, one line an event that is worth one, never wrapped, so
 * that grep and awk find what they look for. The summary at the end is for people, and is laid out.
 */
export function linesView({ write, ...look }: Look & { readonly write: (text: string) => void }): View {
  const paper = paperOf(look);
  const pace = pacer();
  let state: RunState = initialState;
  return {
    show: (event) => {
      const before = state;
      state = apply(state, event);
      for (const line of lineOf(event, { state, before, pace })) write(`${layOut(event, line, paper)}\n`);
      if (event.type === 'run.finished') write(`\n${renderSummary(state, paper).join('\n')}\n`);
    },
    close: () => {},
  };
}

type Line = readonly [step: string, word: string, text: string];

interface Context {
  readonly state: RunState;
  readonly before: RunState;
  readonly pace: Pacer;
}

function layOut({ at }: RunEvent, [step, word, text]: Line, { style }: Paper): string {
  const time = at.replace(/\.\d+Z$/, 'Z');
  const paint = BAD.has(word) ? style.bad : GOOD.has(word) ? style.good : style.bold;
  return `${style.dim(time)}  ${padEnd(escaped(step), 14)}  ${paint(word)}${' '.repeat(Math.max(0, 9 - word.length))}  ${escaped(text)}`.trimEnd();
}

const BAD = new Set(['no', 'unknown', 'failed', 'partial', 'denied', 'recurred', 'cannot', 'broken', 'signal']);
const GOOD = new Set(['yes', 'done', 'held', 'incident']);

function lineOf(event: RunEvent, { state, before, pace }: Context): readonly Line[] {
  switch (event.type) {
    case 'run.started': {
      const { runbook, mode, who, drill } = event;
      return [
        [
          'run',
          'started',
          `${drill ? 'drill of ' : ''}${runbook.name} ${runbook.version} on ${event.host}, ${mode}, by ${who}, run ${event.run}`,
        ],
      ];
    }
    case 'run.resumed':
      return [['run', 'resumed', `to ${event.to}, ${event.mode}, by ${event.who}`]];
    case 'probe.found':
      return [[event.step, event.truth, event.finding.summary]];
    case 'diagnosis.made':
      return [['diagnosis', DIAGNOSED[event.verdict], [event.verdict, ...event.reasons].join('; ')]];
    case 'plan.compared':
      return [['plan', 'holds', sayCompared(event.plan, event.drift)]];
    case 'action.observed':
      return event.observation.verdict === 'cannot'
        ? [[event.step, 'cannot', event.observation.reason ?? event.observation.summary]]
        : [];
    case 'policy.decided': {
      const { effect, reason } = event.decision;
      return [[event.step, effect === 'allow' ? 'allowed' : effect === 'ask' ? 'asks' : 'denied', reason]];
    }
    case 'approval.asked':
      return [[event.step, 'asks', event.question]];
    case 'approval.given':
      return [
        [event.step, 'answer', `${event.choice} by ${event.by}${event.reason === null ? '' : `: ${event.reason}`}`],
      ];
    case 'action.intended':
      return [
        [
          event.step,
          'acts',
          `${event.verb}, ${plural(event.targets.count, 'target')}${event.attempt > 1 ? `, attempt ${event.attempt}` : ''}`,
        ],
      ];
    case 'action.progress':
      return pace(event.step, event.mono, PROGRESS_EVERY) ? [[event.step, 'progress', event.progress.text]] : [];
    case 'step.finished':
      return finished(event.step, state);
    case 'lease.armed':
      return [[event.step, 'lease', `armed for ${showDuration(event.within)}: ${event.say}`]];
    case 'lease.renewed':
      return [['lease', 'renewed', `until ${event.deadline.at.slice(11, 19)} UTC: ${event.key}`]];
    case 'lease.released':
      return [[event.by, 'lease', `released: ${event.key}`]];
    case 'lease.restored':
      return [['lease', event.ok ? 'done' : 'failed', event.summary]];
    case 'watch.sampled':
      return sampled(event, before, pace);
    case 'watch.judged':
      return [[event.step, event.verdict, event.reasons.join('; ')]];
    case 'rollback.started':
      return [['rollback', 'started', `${event.why}: ${event.steps.join(', ')}`]];
    case 'undo.intended':
      return [[event.step, 'undoes', event.say]];
    case 'undo.applied':
      return [[event.step, event.applied.outcome, `undo: ${event.applied.reason ?? event.applied.summary}`]];
    case 'rollback.finished':
      return [
        [
          'rollback',
          event.complete ? 'done' : 'failed',
          event.complete ? 'complete' : `left: ${event.left.join('; ')}`,
        ],
      ];
    case 'interrupted':
      return [['run', 'signal', `${event.signal} while ${event.doing}`]];
    case 'note':
      return [['run', 'note', event.text]];
    case 'run.finished':
      return [
        [
          'run',
          'ended',
          `${event.outcome}, exit ${OUTCOMES[event.outcome].exit}${event.reasons.map((reason) => `; ${reason}`).join('')}`,
        ],
      ];
    case 'action.settled':
      return settled(event);
    case 'step.started':
    case 'plan.pinned':
    case 'action.reserved':
    case 'action.applied':
      return [];
    default:
      return unheardOf(event);
  }
}

/** A newer version wrote it. */
/** What is not known counts, and whoever is told of a limit later has read why. */
function settled({ step, used }: Extract<RunEvent, { type: 'action.settled' }>): readonly Line[] {
  const counts = Object.entries(used).flatMap(([name, count]) => (count > 0 ? [`${name} ${showCount(count)}`] : []));
  return counts.length === 0
    ? []
    : [[step, 'counts', `${counts.join(', ')}: what the attempt that was cut short may have used`]];
}

function unheardOf(_: never): readonly Line[] {
  return [];
}

/** A probe and a watch have said how they ended in a line of their own. */
function finished(id: string, state: RunState): readonly Line[] {
  const step = state.steps.find((one) => one.id === id);
  if (step === undefined || step.watch !== null || (step.kind === 'probe' && step.status === 'done')) return [];
  return [
    [id, step.status, step.status === 'done' || step.status === 'partial' ? doneText(step) : (step.reason ?? '')],
  ];
}

const DIAGNOSED = {
  'this-incident': 'incident',
  'looked-only': 'looked',
  'not-this-incident': 'no',
  unknown: 'unknown',
} as const;

function sampled(event: Extract<RunEvent, { type: 'watch.sampled' }>, before: RunState, pace: Pacer): readonly Line[] {
  const last = before.steps.find(({ id }) => id === event.step)?.watch?.samples.at(-1);
  const changed =
    last === undefined ||
    last.minutes !== event.minutes ||
    last.broken.join() !== event.broken.join() ||
    last.standing !== event.standing ||
    textsDiffer(last.texts, event.texts) ||
    event.left === 0;
  if (!pace(event.step, event.mono, WATCH_EVERY) && !changed) return [];
  const values = Object.entries(event.values).map(
    ([name, value]) => `${measureName(name)} ${value === null ? '?' : showNumber(value)}`,
  );
  const minutes = event.minutes === null ? [] : [`${plural(event.minutes, 'cron minute')} seen`];
  const left = event.left === 0 ? 'the end' : `${showDuration(event.left)} left`;
  const texts = Object.entries(event.texts ?? {}).map(([name, text]) => `${measureName(name)} ${showText(text)}`);
  const word = event.broken.length > 0 && event.standing === undefined ? 'broken' : 'watches';
  return [
    [
      event.step,
      word,
      [...values, ...texts, ...minutes, left, ...brokenWords(event.broken, event.standing)].join(', '),
    ],
  ];
}

const textsDiffer = (one: object | undefined, other: object | undefined): boolean =>
  JSON.stringify(one) !== JSON.stringify(other);

type Pacer = (key: string, mono: number, every: number) => boolean;

/** True where the last line of this key is long enough ago, by the events' own clock. */
function pacer(): Pacer {
  const last = new Map<string, number>();
  return (key, mono, every) => {
    const before = last.get(key);
    if (before !== undefined && mono - before < every) return false;
    last.set(key, mono);
    return true;
  };
}
