import type { MissedJob } from '../model/event.ts';
import { sayLease } from '../model/host/lease.ts';
import { OUTCOMES, type OutcomeName } from '../model/outcome.ts';
import { canBeUndone, isCovered, sayWayBack } from '../model/run/undo.ts';
import {
  isDrill,
  openLeases,
  type RunState,
  type StepState,
  type UndoEntry,
  type WatchSample,
} from '../model/state.ts';
import { plural, showDuration } from '../model/text/quantity.ts';
import { escaped } from './draw/escape.ts';
import { heading, rule } from './draw/fields.ts';
import { cutHard, hang, padEnd, width } from './draw/layout.ts';
import { showNumber, sparkline } from './draw/sparkline.ts';
import type { Paper, Style } from './draw/style.ts';
import { namesIn, textsOf } from './watch-words.ts';

/**
 * The end of a run, the same for every view: what was done, how each of it is undone, what stays open, and the verdict
 * last, where a screen of 24 lines still shows it.
 */
export function renderSummary(state: RunState, paper: Paper): readonly string[] {
  const parts = [
    done(state, paper),
    evidence(state, paper),
    rollback(state, paper),
    undo(state, paper),
    leases(state, paper),
  ];
  const after = [missed(state.missed, paper), open(state, paper), verdict(state, paper)];
  return [...parts, ...after]
    .filter((part) => part.length > 0)
    .flatMap((part, at) => (at === 0 ? part : ['', ...part]));
}

// ---------------------------------------------------------------- verdict

const GOOD: readonly OutcomeName[] = ['held', 'looked-only'];
const CALM: readonly OutcomeName[] = [
  'not-this-incident',
  'inconclusive',
  'interrupted',
  'rolled-back',
  'needs-a-human',
];

function paintOf(outcome: OutcomeName): keyof Style {
  if (GOOD.includes(outcome)) return 'good';
  return CALM.includes(outcome) ? 'warn' : 'bad';
}

function verdict(state: RunState, paper: Paper): readonly string[] {
  const { outcome, reasons } = state.finished ?? { outcome: 'outcome-unknown', reasons: [] };
  const took =
    state.meta === null || state.finished === null ? '' : `, ${showDuration(state.finished.mono - state.meta.mono)}`;
  const what =
    state.meta === null
      ? ''
      : `${isDrill(state) ? 'drill of ' : ''}${state.meta.runbook.name} ${state.meta.runbook.version} on ${state.host}${took}, `;
  return [
    rule('result', paper),
    ...hang('', outcome.replaceAll('-', ' ').toUpperCase(), paper.columns, paper.style[paintOf(outcome)]),
    ...reasons.flatMap((reason) => hang('  - ', escaped(reason), paper.columns)),
    ...hang('', escaped(`${what}exit ${OUTCOMES[outcome].exit}`), paper.columns),
    ...goingOn(state, paper),
    ...(state.run === ''
      ? []
      : hang('The whole story: ', `firebreak report ${escaped(state.run)}`, paper.columns, paper.style.bold)),
  ];
}

/** A run without a verdict can still have one. */
function goingOn(state: RunState, paper: Paper): readonly string[] {
  const { run, finished, verdict: seen } = state;
  if (isDrill(state)) return [];
  const label = finished?.outcome === 'outcome-unknown' ? 'To go on: ' : 'To watch again: ';
  const again =
    finished?.outcome === 'outcome-unknown' || (finished?.outcome === 'inconclusive' && seen === 'inconclusive');
  return again ? hang(label, `firebreak resume ${escaped(run)}`, paper.columns, paper.style.bold) : [];
}

// ---------------------------------------------------------------- what was watched

function evidence(state: RunState, paper: Paper): readonly string[] {
  const watches = state.steps.filter((step) => step.watch !== null && step.watch.samples.length > 0);
  if (watches.length === 0) return [];
  const lines = watches.flatMap((step) => seriesLines(step.watch?.samples ?? [], paper));
  const minutes = watches.flatMap((step) => step.watch?.samples.at(-1)?.minutes ?? []);
  const seen = minutes.map((count) => `  ${plural(count, 'minute')} of cron's seen to run a job`);
  return [paper.style.bold('WATCHED'), ...lines, ...seen];
}

/**
 * One line a value: its name, its latest number, and how it went since the watch began; of a text what it was, the
 * latest last.
 */
export function seriesLines(samples: readonly WatchSample[], paper: Paper): readonly string[] {
  const { broken = [], standing } = samples.at(-1) ?? {};
  const names = namesIn(samples);
  const texts = names.map((name) => textsOf(samples, name));
  const values = names.map((name) => samples.map((sample) => sample.values[name] ?? null));
  const latest = values.map((series, at) => (texts[at] ? '' : numberText(series.at(-1) ?? null)));
  const nameRoom = Math.max(0, ...names.map((name) => width(escaped(measureName(name)))));
  const numberRoom = Math.max(0, ...latest.map(width));
  return names.map((name, at) => {
    const wrong = broken.some((line) => line.startsWith(`${name.split(' ')[0]}:`));
    const paint = wrong ? (standing === undefined ? 'red' : 'yellow') : 'cyan';
    const start = `  ${padEnd(escaped(measureName(name)), nameRoom)}  `;
    const was = texts[at];
    if (was)
      return `${wrong ? paper.style[paint](start) : start}${paper.style[paint](lastTexts(was, paper.columns - width(start)))}`;
    const label = `${start}${' '.repeat(numberRoom - width(latest[at] ?? ''))}${latest[at] ?? ''}`;
    const bars = sparkline(values[at] ?? [], Math.max(8, Math.min(60, paper.columns - width(label) - 4)));
    return `${wrong ? paper.style[standing === undefined ? 'bad' : 'warn'](label) : label}  ${paper.style[paint](bars)}`;
  });
}

/** `stopped → starting → running`, from the left as far as there is room for the latest. */
function lastTexts(texts: readonly string[], room: number): string {
  const shown = texts.map(escaped);
  for (let from = 0; from < shown.length - 1; from += 1) {
    const line = `${from > 0 ? '… → ' : ''}${shown.slice(from).join(' → ')}`;
    if (width(line) <= room) return line;
  }
  return cutHard(shown.at(-1) ?? '', Math.max(8, room))[0] ?? '';
}

/** `mailers count`; and `inodes free` rather than `inodes inodes free`. */
export function measureName(name: string): string {
  const [step = '', measure = ''] = name.split(' ');
  return (measure.startsWith(step) ? measure : name).replaceAll('_', ' ');
}
const numberText = (value: number | null): string => (value === null ? '?' : showNumber(value));

// ---------------------------------------------------------------- what was done

function done(state: RunState, paper: Paper): readonly string[] {
  const actions = state.steps.filter(({ kind }) => kind === 'action');
  // A rollback goes on with an earlier run's journal: what it undid is said further down, and is a change.
  const unchanged = state.rollback === null ? [paper.style.good('Nothing was changed.')] : [];
  if (actions.every(({ attempts, status }) => attempts === 0 && status === 'waiting')) return unchanged;
  const nothing = actions.every(({ attempts }) => attempts === 0) ? unchanged : [];
  return [
    paper.style.bold('DONE'),
    ...columns(
      actions.map((step) => ({ mark: markOf(step, paper), id: step.id, text: doneText(step) })),
      paper,
    ),
    ...nothing,
  ];
}

interface Row {
  readonly mark: string;
  readonly id: string;
  readonly text: string;
  readonly paint?: ((line: string) => string) | undefined;
}

/** `  ✔ stop-cron     stopped cron`: ids in one column. */
function columns(rows: readonly Row[], paper: Paper): readonly string[] {
  const room = Math.min(24, Math.max(0, ...rows.map(({ id }) => width(escaped(id)))));
  return rows.flatMap(({ mark, id, text, paint }) =>
    hang(`  ${mark} ${padEnd(escaped(id), room)}  `, escaped(text), paper.columns, paint),
  );
}

const MARKS: Readonly<Record<StepState['status'], readonly [mark: string, paint: keyof Style]>> = {
  waiting: ['·', 'dim'],
  started: ['·', 'dim'],
  asked: ['·', 'dim'],
  acting: ['?', 'warn'],
  acted: ['✔', 'green'],
  done: ['✔', 'green'],
  'nothing-to-do': ['✔', 'green'],
  skipped: ['–', 'yellow'],
  'by-hand': ['✔', 'cyan'],
  failed: ['✘', 'bad'],
  partial: ['!', 'warn'],
  'not-reached': ['·', 'dim'],
};

export function markOf(step: StepState, paper: Paper): string {
  const [mark, paint] = MARKS[step.status];
  return paper.style[paint](mark);
}

/** What came of a step, in one line. */
export function doneText(step: StepState): string {
  const reason = step.reason === null ? '' : `: ${step.reason}`;
  switch (step.status) {
    case 'done':
    case 'acted':
      return step.applied?.summary ?? 'done';
    case 'partial':
      return `${step.applied?.summary ?? 'in part'}${reason}`;
    case 'nothing-to-do':
      return `nothing to do${reason}`;
    case 'acting':
      return 'OUTCOME UNKNOWN: it was begun, and nothing says how it ended';
    case 'by-hand':
      return `done by hand${reason}`;
    case 'failed':
      return `FAILED${reason}`;
    case 'skipped':
      return `skipped${reason}`;
    case 'waiting':
    case 'started':
    case 'asked':
    case 'not-reached':
      return 'not reached';
  }
}

// ---------------------------------------------------------------- the way back

function rollback({ rollback: state }: RunState, paper: Paper): readonly string[] {
  if (state === null) return [];
  const rows = state.undone.map(({ step, applied }) => ({
    mark: applied.outcome === 'done' ? paper.style.green('✔') : paper.style.bad('✘'),
    id: step,
    text: applied.reason === undefined ? applied.summary : `${applied.summary}: ${applied.reason}`,
  }));
  const left = state.left.flatMap((line) =>
    hang('  ! ', escaped(`not undone: ${line}`), paper.columns, paper.style.bad),
  );
  return [...heading('UNDONE', escaped(`because ${state.why}`), paper), ...columns(rows, paper), ...left];
}

/** Rollback notes: always printed, so that nobody has to look for them later. */
function undo(state: RunState, paper: Paper): readonly string[] {
  if (state.undo.length === 0) return [];
  return [
    ...heading('TO UNDO', 'what was done, newest first', paper),
    ...columns(
      state.undo
        .filter((entry) => !isCovered(entry, state.undo))
        .toReversed()
        .map((entry) => undoRow(entry, paper)),
      paper,
    ),
  ];
}

function undoRow(entry: UndoEntry, paper: Paper): Row {
  const { step, outcome, undo: how } = entry;
  const unsure =
    outcome === 'intended' ? 'outcome unknown; look first. ' : outcome === 'failed' ? 'it failed; look first. ' : '';
  const back = sayWayBack(entry);
  if (canBeUndone(entry)) return { mark: paper.style.cyan('↶'), id: step, text: `${unsure}${back}` };
  switch (how.kind) {
    case 'irreversible': {
      const kept = how.evidence === '' ? '' : ` Kept: ${how.evidence}`;
      const note = back === null ? '' : `; ${back}`;
      return { mark: paper.style.bad('!'), id: step, text: `${unsure}IRREVERSIBLE: ${how.because}.${kept}${note}` };
    }
    case 'revert':
    case 'nothing':
      return { mark: ' ', id: step, text: back ?? 'nothing to undo' };
  }
}

// ---------------------------------------------------------------- what stays

function leases(state: RunState, paper: Paper): readonly string[] {
  return openLeases(state).flatMap((lease) =>
    hang('  ! ', escaped(`lease ${lease.key} is still open: ${sayLease(lease)}`), paper.columns, paper.style.warn),
  );
}

function missed(jobs: readonly MissedJob[], paper: Paper): readonly string[] {
  if (jobs.length === 0) return [];
  const lines = jobs.flatMap(({ file, schedule, command, minutes }) =>
    hang('  ! ', escaped(`${schedule}  ${command}  (${file}) at ${minutes.map(minuteOf).join(', ')}`), paper.columns),
  );
  return [...heading('MISSED', 'jobs whose minute passed while cron was stopped', paper), ...lines];
}

const minuteOf = (iso: string): string => /T(\d\d:\d\d)/.exec(iso)?.[1] ?? iso;

function open(state: RunState, paper: Paper): readonly string[] {
  if (state.open.length === 0) return [];
  return [
    ...heading('OPEN', 'what this run has not cured', paper),
    ...state.open.flatMap((item) => hang('  ! ', escaped(item), paper.columns, paper.style.yellow)),
  ];
}
