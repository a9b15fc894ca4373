import type { EventOf, RunEvent } from '../model/event.ts';
import type { Plan } from '../model/plan.ts';
import type { View } from '../model/ports.ts';
import type { Phase } from '../model/runbook.ts';
import { apply, initialState, type RunState, type StepState } from '../model/state.ts';
import { plural, showCount, showDuration } from '../model/text/quantity.ts';
import type { Progress } from '../model/verb.ts';
import { escaped } from './draw/escape.ts';
import { fit, hang, narrower, padEnd, width } from './draw/layout.ts';
import type { Paper } from './draw/style.ts';
import { drawLines, hung } from './draw/terminal.ts';
import { tellEnd } from './tell/end.ts';
import { type EventTold, tellBeginning, tellEvent } from './tell/event.ts';
import { brokenWords, looksText } from './tell/watch-words.ts';
import { measuredOf } from './tell/watched.ts';

/** One line at work, redrawn in place, with lines of detail below it; what it ends with stays for good. */
export interface Row {
  text(line: string): void;
  below(lines: readonly string[]): void;
  /** May be several lines, already broken and indented. */
  end(lines: string): Promise<void>;
  /** Leaves nothing on the screen: a person is about to be asked. */
  withdraw(): Promise<void>;
}

/** What the live view draws on; one row at a time, and prints only between rows. */
export interface Screen {
  begin(line: string): Row;
  print(lines: readonly string[]): void;
  /** Calls until it is stopped; keeps no process alive. */
  every(milliseconds: number, tick: () => void): () => void;
  /** Monotonic milliseconds. */
  now(): number;
  paper(): Paper;
}

/** A run as it happens. Draws from the fold alone; `clear` makes the screen free for a question. */
export function liveView(
  screen: Screen,
): View & { readonly clear: () => Promise<void>; readonly planned: (plan: Plan) => void } {
  const work = workOn(screen);
  let plan: Plan | null = null;
  let state: RunState = initialState;
  let phase: Phase | null = null;
  async function enter(next: Phase): Promise<void> {
    if (next === phase) return;
    phase = next;
    await work.print(['', screen.paper().style.bold(PHASES[next])]);
  }
  return {
    show: async (event) => {
      const before = state;
      state = apply(state, event);
      const told = tellEvent(event, { state, before });
      const show = SHOW[event.type] as Showing<RunEvent['type']> | undefined;
      if (told !== null) await show?.(event as never, { told, now: told.now ?? '', state, plan, work, screen, enter });
    },
    close: work.clear,
    clear: work.clear,
    planned: (made) => {
      plan = made;
    },
  };
}

// ---------------------------------------------------------------- the line at work

interface Work {
  /** Which step is at work; null: none. */
  readonly step: () => string | null;
  begin(step: string, line: string): void;
  /** Changes the line of the step, or begins it. */
  say(step: string, line: string): void;
  below(lines: readonly string[]): void;
  /** Draws every second, until the line is gone. */
  keep(draw: () => void): void;
  end(line: string): Promise<void>;
  clear(): Promise<void>;
  print(lines: readonly string[]): Promise<void>;
  /** Said while something is at work, which goes on below it. */
  aside(lines: readonly string[]): Promise<void>;
}

function workOn(screen: Screen): Work {
  let work: { readonly step: string; readonly row: Row; line: string; stop: () => void } | null = null;
  function begin(step: string, line: string): void {
    work = { step, row: screen.begin(line), line, stop: () => {} };
  }
  /** There is no line any more; the row may still have to be told. */
  function leave(): Row | undefined {
    const leaving = work;
    work = null;
    leaving?.stop();
    return leaving?.row;
  }
  const clear = async (): Promise<void> => leave()?.withdraw();
  async function print(lines: readonly string[]): Promise<void> {
    await clear();
    screen.print(lines);
  }
  return {
    step: () => work?.step ?? null,
    begin,
    say: (step, line) => {
      if (work?.step !== step) return begin(step, line);
      work.line = line;
      work.row.text(line);
    },
    below: (lines) => work?.row.below(lines),
    keep: (draw) => {
      work?.stop();
      if (work !== null) work.stop = screen.every(1000, draw);
    },
    end: async (line) => leave()?.end(line),
    clear,
    print,
    aside: async (lines) => {
      const going = work;
      await print(lines);
      if (going !== null) begin(going.step, going.line);
    },
  };
}

// ---------------------------------------------------------------- events

interface Showed {
  readonly told: EventTold;
  /** What the event says at the screen. */
  readonly now: string;
  readonly state: RunState;
  readonly plan: Plan | null;
  readonly work: Work;
  readonly screen: Screen;
  readonly enter: (phase: Phase) => Promise<void>;
}

type Showing<K extends RunEvent['type']> = (event: EventOf<K>, showed: Showed) => void | Promise<void>;

const PHASES: Readonly<Record<Phase, string>> = { diagnose: 'DIAGNOSE', act: 'ACT', verify: 'VERIFY' };
/** No step has this id: ids begin with a letter. */
const PLANNING = '#plan';

/** What is not here leaves the screen as it is. */
const SHOW: { readonly [K in RunEvent['type']]?: Showing<K> } = {
  'run.started': (event, { work, screen }) => work.print(drawLines(tellBeginning(event), screen.paper())),
  'run.resumed': (_, showed) => said(showed, '', 'warn'),
  'step.started': async ({ step, phase }, { now, work, screen, enter }) => {
    await work.clear();
    await enter(phase);
    work.begin(step, working(step, now, screen.paper()));
  },
  'probe.found': ({ judgements, truth }, { told, work, screen }) => {
    const missing = truth === 'no' || truth === 'unknown' ? judgements.filter((one) => one.truth !== 'yes') : [];
    const paper = screen.paper();
    const below = ' '.repeat(width(padEnd(told.who, 14)) + 4);
    const wanted = missing.flatMap(({ wanted, seen }) =>
      hang(below, escaped(`wanted ${wanted}, seen ${seen}`), paper.columns, paper.style.yellow),
    );
    return work.print([...markedLines(told, paper), ...wanted]);
  },
  'diagnosis.made': async ({ verdict, reasons }, { told, now, work, screen }) => {
    const { style, columns } = screen.paper();
    const why = verdict === 'unknown' ? reasons.flatMap((reason) => hang('  - ', escaped(reason), columns)) : [];
    await work.print([style[told.mark?.[1] ?? 'bold'](now), ...why]);
    if (verdict === 'this-incident')
      work.begin(PLANNING, working('plan', 'looking at what each action would touch', screen.paper()));
  },
  'plan.compared': (_, showed) => said(showed, '  ', 'green'),
  'action.observed': ({ step }, { now, work, screen }) => {
    const at = work.step();
    if (at !== null) work.say(at, working(at === PLANNING ? 'plan' : step, now, screen.paper()));
  },
  'approval.asked': (_, { work }) => work.clear(),
  'action.intended': ({ step }, { now, work, screen }) => work.say(step, working(step, now, screen.paper())),
  'action.progress': ({ step, progress }, { work, screen }) => {
    if (work.step() === step) work.below(progressLines(progress, narrower(screen.paper(), 6)));
  },
  'watch.sampled': sampled,
  'watch.judged': ({ step }, { told, state, work, screen }) =>
    work.end(watchLine(stepIn(state, step), told, screen.paper())),
  'step.finished': finished,
  'lease.restored': (_, { told, now, work, screen }) => {
    const { style, columns } = screen.paper();
    const [mark, tone] = told.mark ?? ['', 'dim'];
    return work.print(hang(`  ${style[tone](mark)} `, escaped(now), columns));
  },
  'rollback.started': (_, { now, work, screen }) =>
    work.print(['', `${screen.paper().style.bold('UNDO')}  ${escaped(now)}`]),
  'undo.intended': async ({ step }, { now, work, screen }) => {
    await work.clear();
    work.begin(step, working(step, now, screen.paper()));
  },
  'undo.applied': (_, { told, work, screen }) => work.end(markedLines(told, narrower(screen.paper(), 2)).join('\n')),
  interrupted: (_, showed) => said(showed, '  ', 'warn'),
  note: (_, { now, work, screen }) =>
    work.aside(hang('  ', escaped(now), screen.paper().columns, screen.paper().style.yellow)),
  'run.finished': (_, { state, work, screen }) => work.print(['', ...drawLines(tellEnd(state), screen.paper())]),
};

function said({ now, work, screen }: Showed, indent: string, tone: 'warn' | 'green'): Promise<void> {
  const { style, columns } = screen.paper();
  return work.print(hang(indent, escaped(now), columns, style[tone]));
}

/** The clock runs on between two samples. */
function sampled(event: EventOf<'watch.sampled'>, { state, plan, work, screen }: Showed): void {
  if (work.step() !== event.step) work.begin(event.step, '');
  const seen = screen.now();
  const draw = (): void => {
    const paper = screen.paper();
    const left = Math.max(0, event.left - (screen.now() - seen));
    const samples = stepIn(state, event.step)?.watch?.samples ?? [];
    const length = event.left + (event.mono - (samples[0]?.mono ?? event.mono));
    work.say(
      event.step,
      working(event.step, watchText(event, { left, wanted: minutesWanted(plan, event.step) }), paper),
    );
    const series = drawLines([{ kind: 'measures', of: measuredOf(samples) }], narrower(paper, 4));
    work.below([
      bar(1 - left / Math.max(1, length), narrower(paper, 8)),
      ...series.map((line) => line.replace(/^ {2}/, '')),
    ]);
  };
  draw();
  work.keep(draw);
}

async function finished({ step: id }: EventOf<'step.finished'>, { told, state, work, screen }: Showed): Promise<void> {
  const step = stepIn(state, id);
  if (step === undefined || step.watch !== null || step.kind === 'probe')
    return work.step() === id ? work.clear() : undefined;
  const lines = markedLines({ ...told, now: `${told.now}${took(step)}` }, narrower(screen.paper(), 2));
  return work.step() === id ? work.end(lines.join('\n')) : work.print(lines);
}

const stepIn = (state: RunState, id: string): StepState | undefined => state.steps.find((step) => step.id === id);
const label = (id: string, paper: Paper): string => paper.style.bold(padEnd(escaped(id), 14));
const working = (id: string, text: string, paper: Paper): string => `${label(id, paper)}  ${escaped(text)}`;

/** `✔ stop-cron       cron is stopped`, its later lines below its text. */
function markedLines({ who, now, mark: [mark, tone] = ['·', 'dim'] }: EventTold, paper: Paper): readonly string[] {
  return hung(`${paper.style[tone](mark)} ${label(who, paper)}  `, escaped(now ?? ''), paper);
}

/** Of what was really tried. */
function took({ started, ended, attempts }: StepState): string {
  return started === null || ended === null || attempts === 0 ? '' : `  ${showDuration(ended.mono - started.mono)}`;
}

// ---------------------------------------------------------------- what goes on

/** `████████░░░░  2 000 of 3 977, 1 660/s, 1 s left` */
function progressLines({ done, total, rate, text }: Progress, paper: Paper): readonly string[] {
  if (total <= 0) return [fit(escaped(text), paper.columns)];
  const counts = `${showCount(done)} of ${showCount(total)}`;
  const speed = rate === undefined || rate <= 0 ? [] : [`${showCount(rate)}/s`];
  const left =
    rate === undefined || rate <= 0 || done >= total ? [] : [`${showDuration(((total - done) / rate) * 1000)} left`];
  const more = text === '' || text.includes(counts) ? [] : [fit(escaped(text), paper.columns)];
  return [[bar(done / total, paper), counts, ...speed, ...left].join('  '), ...more];
}

function bar(share: number, paper: Paper): string {
  const room = Math.max(10, Math.min(40, paper.columns - 40));
  const full = Math.round(Math.min(1, Math.max(0, share)) * room);
  return paper.style.cyan('█'.repeat(full)) + paper.style.dim('░'.repeat(room - full));
}

function minutesWanted(plan: Plan | null, id: string): number | null {
  const step = plan?.steps.find((one) => one.id === id);
  return step?.kind === 'watch' ? (step.watch.proof?.cronMinutes ?? null) : null;
}

function watchText(
  { minutes, broken, standing }: EventOf<'watch.sampled'>,
  { left, wanted }: { readonly left: number; readonly wanted: number | null },
): string {
  const of = wanted === null ? '' : `${minutes} of `;
  const seen = minutes === null ? '' : `, ${of}${plural(wanted ?? minutes, 'cron minute')} seen`;
  const mercy = standing === undefined ? '' : `; ${brokenWords(broken, standing).join('; ') || 'still settling'}`;
  return `${left === 0 ? 'the last look' : `${showDuration(Math.ceil(left / 1000) * 1000)} left`}${seen}${mercy}`;
}

function watchLine(step: StepState | undefined, { who, mark, word }: EventTold, paper: Paper): string {
  const { reasons, samples } = step?.watch ?? { reasons: [], samples: [] };
  const why = reasons.length === 0 ? looksText(samples) : reasons.join('; ');
  const [first = '', ...rest] = markedLines({ who, now: `${word}: ${why}`, mark } as EventTold, narrower(paper, 2));
  return [first.replace(`  ${word}:`, `  ${paper.style[mark?.[1] ?? 'bold'](word)}:`), ...rest].join('\n');
}
