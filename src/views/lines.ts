import type { Tone } from '../model/document.ts';
import type { RunEvent } from '../model/event.ts';
import type { View } from '../model/ports.ts';
import { apply, initialState, type RunState } from '../model/state.ts';
import { escaped } from './draw/escape.ts';
import { padEnd } from './draw/layout.ts';
import { type PaperAsked, paperOf, type Style } from './draw/style.ts';
import { drawText } from './draw/terminal.ts';
import { secondOf } from './tell/clock.ts';
import { tellEnd } from './tell/end.ts';
import { tellEvent } from './tell/event.ts';

/** At most a line in this many milliseconds for what only goes on: a log is read afterwards. */
const PROGRESS_EVERY = 5000;
const WATCH_EVERY = 30_000;

/**
 * For pipes, logs and unattended runs: `TIME STEP WORD text`, one line an event that is worth one, never wrapped, so
 * that grep and awk find what they look for. The summary at the end is for people, and is laid out.
 */
export function linesView({ write, ...look }: PaperAsked & { readonly write: (text: string) => void }): View {
  const paper = paperOf(look);
  const isDue = pacer();
  let state: RunState = initialState;
  return {
    show: (event) => {
      const before = state;
      state = apply(state, event);
      const { who, word, text } = tellEvent(event, { state, before }) ?? { who: '', word: '', text: null };
      if (text !== null && isDue(event, before)) {
        const tone = BAD.has(word) ? 'bad' : GOOD.has(word) ? 'good' : 'bold';
        write(logLine(event.at, [who, word, text], { room: 14, tone, style: paper.style }));
      }
      if (event.type === 'run.finished') write(`\n${drawText(tellEnd(state), paper)}`);
    },
    close: () => {},
  };
}

const BAD = new Set(['no', 'unknown', 'failed', 'partial', 'denied', 'recurred', 'cannot', 'broken', 'signal']);
const GOOD = new Set(['yes', 'done', 'held', 'incident']);

/** `room`: columns of who; `tone`: of the word. */
export function logLine(
  at: string,
  [who, word, text]: readonly [who: string, word: string, text: string],
  { room, tone, style }: { readonly room: number; readonly tone: Tone; readonly style: Style },
): string {
  const padding = ' '.repeat(Math.max(0, 9 - word.length));
  const line = `${style.dim(secondOf(at))}  ${padEnd(escaped(who), room)}  ${style[tone](word)}${padding}  ${escaped(text)}`;
  return `${line.trimEnd()}\n`;
}

/** False if the last progress line is not long ago, by the clock of the events. */
function pacer(): (event: RunEvent, before: RunState) => boolean {
  const last = new Map<string, number>();
  const isLong = (key: string, mono: number, every: number): boolean => {
    const before = last.get(key);
    if (before !== undefined && mono - before < every) return false;
    last.set(key, mono);
    return true;
  };
  return (event, before) => {
    if (event.type === 'action.progress') return isLong(event.step, event.mono, PROGRESS_EVERY);
    if (event.type === 'watch.sampled') return isLong(event.step, event.mono, WATCH_EVERY) || isNews(event, before);
    return true;
  };
}

/** A look that saw something else than the one before, and the last look. */
function isNews({ step, ...event }: Extract<RunEvent, { type: 'watch.sampled' }>, before: RunState): boolean {
  const last = before.steps.find(({ id }) => id === step)?.watch?.samples.at(-1);
  const seen = ({
    minutes,
    broken,
    standing,
    texts,
  }: Omit<typeof event, 'values' | 'left'> | NonNullable<typeof last>) =>
    JSON.stringify([minutes, broken, standing, texts]);
  return last === undefined || event.left === 0 || seen(last) !== seen(event);
}
