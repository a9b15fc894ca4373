import type { EventOf, RunEvent } from '../model/event.ts';
import type { Plan } from '../model/plan.ts';
import type { View } from '../model/ports.ts';
import { sayCompared } from '../model/run/drift.ts';
import type { Phase } from '../model/runbook.ts';
import { apply, initialState, type RunState, type StepState } from '../model/state.ts';
import { plural, showCount, showDuration } from '../model/text/quantity.ts';
import type { Progress } from '../model/verb.ts';
import { escaped } from './draw/escape.ts';
import { fit, hang, narrower, padEnd, width } from './draw/layout.ts';
import type { Paper } from './draw/style.ts';
import { doneText, markOf, renderSummary, seriesLines } from './summary.ts';
import { brokenWords, looksText } from './watch-words.ts';

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
  let plan: Plan | null = null;
  let state: RunState = initialState;
  let phase: Phase | null = null;
  let work: { readonly step: string; readonly row: Row; line: string; readonly stop: () => void } | null = null;

  function begin(step: string, line: string): Row {
    const row = screen.begin(line);
    work = { step, row, line, stop: () => {} };
    return row;
  }
  function say(step: string, line: string): void {
    if (work?.step !== step) return void begin(step, line);
    work.line = line;
    work.row.text(line);
  }
  async function end(line: string): Promise<void> {
    const ending = work;
    work = null;
    ending?.stop();
    await ending?.row.end(line);
  }
  async function clear(): Promise<void> {
    const leaving = work;
    work = null;
    leaving?.stop();
    await leaving?.row.withdraw();
  }
  async function print(lines: readonly string[]): Promise<void> {
    await clear();
    screen.print(lines);
  }
  /** Said while something is at work, which goes on below it. */
  async function aside(lines: readonly string[]): Promise<void> {
    const going = work;
    await print(lines);
    if (going !== null) begin(going.step, going.line);
  }
  async function enter(next: Phase): Promise<void> {
    if (next === phase) return;
    phase = next;
    await print(['', screen.paper().style.bold(PHASES[next])]);
  }

  async function show(event: RunEvent): Promise<void> {
    const paper = screen.paper();
    switch (event.type) {
      case 'run.started':
        return print(header(event, paper));
      case 'run.resumed':
        return print(hang('', escaped(`resumed to ${event.to}, by ${event.who}`), paper.columns, paper.style.warn));
      case 'step.started':
        await clear();
        await enter(event.phase);
        begin(event.step, working(event.step, event.phase === 'verify' ? 'watching' : 'looking', paper));
        return;
      case 'probe.found':
        return print(probeLines(event, paper));
      case 'diagnosis.made':
        await print(diagnosisLines(event, paper));
        if (event.verdict === 'this-incident')
          begin(PLANNING, working('plan', 'looking at what each action would touch', paper));
        return;
      case 'plan.compared':
        return print(
          hang(
            '  ',
            escaped(`the plan holds: ${sayCompared(event.plan, event.drift)}`),
            paper.columns,
            paper.style.green,
          ),
        );
      case 'action.observed':
        return work === null
          ? undefined
          : say(
              work.step,
              working(work.step === PLANNING ? 'plan' : event.step, escaped(event.observation.summary), paper),
            );
      case 'approval.asked':
        return clear();
      case 'action.intended':
        return say(
          event.step,
          working(event.step, `${escaped(event.verb)} ${plural(event.targets.count, 'target')}`, paper),
        );
      case 'action.progress':
        return work?.step === event.step
          ? work.row.below(progressLines(event.progress, narrower(paper, 6)))
          : undefined;
      case 'watch.sampled':
        return sampled(event);
      case 'watch.judged':
        return end(watchLine(stepIn(state, event.step), paper));
      case 'step.finished':
        return finished(event.step, paper);
      case 'lease.restored':
        return print(
          hang(
            `  ${event.ok ? paper.style.green('✔') : paper.style.bad('✘')} `,
            escaped(`lease: ${event.summary}`),
            paper.columns,
          ),
        );
      case 'rollback.started':
        return print(['', `${paper.style.bold('UNDO')}  ${escaped(event.why)}`]);
      case 'undo.intended':
        await clear();
        begin(event.step, working(event.step, `undo: ${escaped(event.say)}`, paper));
        return;
      case 'undo.applied':
        return end(undoLine(event, paper));
      case 'interrupted':
        return print(
          hang(
            '  ',
            escaped(`${event.signal}: stopping at the next safe point (${event.doing})`),
            paper.columns,
            paper.style.warn,
          ),
        );
      case 'note':
        return aside(hang('  ', escaped(event.text), paper.columns, paper.style.yellow));
      case 'run.finished':
        return print(['', ...renderSummary(state, paper)]);
      default:
        return;
    }
  }

  /** The clock runs on between two samples. */
  function sampled(event: EventOf<'watch.sampled'>): void {
    if (work?.step !== event.step) begin(event.step, '');
    const seen = screen.now();
    const draw = (): void => {
      const paper = screen.paper();
      const left = Math.max(0, event.left - (screen.now() - seen));
      const samples = stepIn(state, event.step)?.watch?.samples ?? [];
      const length = event.left + (event.mono - (samples[0]?.mono ?? event.mono));
      say(event.step, working(event.step, watchText(event, { left, wanted: minutesWanted(plan, event.step) }), paper));
      work?.row.below([
        bar(1 - left / Math.max(1, length), narrower(paper, 8)),
        ...seriesLines(samples, narrower(paper, 4)).map((line) => line.replace(/^ {2}/, '')),
      ]);
    };
    draw();
    if (work === null) return;
    work.stop();
    work = { ...work, stop: screen.every(1000, draw) };
  }

  async function finished(id: string, paper: Paper): Promise<void> {
    const step = stepIn(state, id);
    if (step === undefined || step.watch !== null || step.kind === 'probe')
      return work?.step === id ? clear() : undefined;
    const lines = hung(
      `${markOf(step, paper)} ${label(id, paper)}  `,
      `${escaped(doneText(step))}${took(step)}`,
      narrower(paper, 2),
    );
    return work?.step === id ? end(lines.join('\n')) : print(lines);
  }

  return {
    show: async (event) => {
      state = apply(state, event);
      await show(event);
    },
    close: clear,
    clear,
    planned: (made) => {
      plan = made;
    },
  };
}

const PHASES: Readonly<Record<Phase, string>> = { diagnose: 'DIAGNOSE', act: 'ACT', verify: 'VERIFY' };
/** No step has this id: ids begin with a letter. */
const PLANNING = '#plan';

const stepIn = (state: RunState, id: string): StepState | undefined => state.steps.find((step) => step.id === id);
const label = (id: string, paper: Paper): string => paper.style.bold(padEnd(escaped(id), 14));
const working = (id: string, text: string, paper: Paper): string => `${label(id, paper)}  ${text}`;

/** Of what was really tried. */
function took({ started, ended, attempts }: StepState): string {
  return started === null || ended === null || attempts === 0 ? '' : `  ${showDuration(ended.mono - started.mono)}`;
}

function header({ runbook, host, run, who }: EventOf<'run.started'>, paper: Paper): readonly string[] {
  return [
    ...hang('', escaped(`${runbook.name} ${runbook.version} on ${host}`), paper.columns, paper.style.bold),
    ...hang('', escaped(runbook.title), paper.columns),
    ...hang('', escaped(`run ${run}, by ${who}`), paper.columns, paper.style.dim),
  ];
}

const TRUTHS = { yes: ['✔', 'green'], no: ['✘', 'bad'], unknown: ['?', 'warn'], informs: ['i', 'cyan'] } as const;

/** What was wanted is shown only where it was not seen. */
function probeLines({ step, truth, finding, judgements }: EventOf<'probe.found'>, paper: Paper): readonly string[] {
  const [mark, paint] = TRUTHS[truth];
  const indent = ' '.repeat(width(padEnd(step, 14)) + 4);
  const missing = truth === 'no' || truth === 'unknown' ? judgements.filter((one) => one.truth !== 'yes') : [];
  return [
    ...hung(`${paper.style[paint](mark)} ${label(step, paper)}  `, escaped(finding.summary), paper),
    ...missing.flatMap(({ wanted, seen }) =>
      hang(indent, escaped(`wanted ${wanted}, seen ${seen}`), paper.columns, paper.style.yellow),
    ),
  ];
}

/** `hang` for a label that has colours in it. */
function hung(start: string, text: string, paper: Paper): readonly string[] {
  const [first = '', ...rest] = hang(' '.repeat(width(start)), text, paper.columns);
  return [start + first.trimStart(), ...rest];
}

function diagnosisLines({ verdict, reasons }: EventOf<'diagnosis.made'>, paper: Paper): readonly string[] {
  switch (verdict) {
    case 'this-incident':
      return [paper.style.good('This is the incident.')];
    case 'looked-only':
      return [paper.style.good('Looked only: nothing here decides whether this is an incident.')];
    case 'not-this-incident':
      return [paper.style.warn('This is not the incident: nothing will be done.')];
    case 'unknown':
      return [
        paper.style.bad('It could not look at everything: nothing will be done.'),
        ...reasons.flatMap((reason) => hang('  - ', escaped(reason), paper.columns)),
      ];
  }
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

function bar(part: number, paper: Paper): string {
  const room = Math.max(10, Math.min(40, paper.columns - 40));
  const full = Math.round(Math.min(1, Math.max(0, part)) * room);
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
  const seen =
    minutes === null
      ? ''
      : wanted === null
        ? `, ${plural(minutes, 'cron minute')} seen`
        : `, ${minutes} of ${plural(wanted, 'cron minute')} seen`;
  const mercy = standing === undefined ? '' : `; ${brokenWords(broken, standing).join('; ') || 'still settling'}`;
  return `${left === 0 ? 'the last look' : `${showDuration(Math.ceil(left / 1000) * 1000)} left`}${seen}${mercy}`;
}

const VERDICTS = { held: ['✔', 'good'], recurred: ['✘', 'bad'], inconclusive: ['?', 'warn'] } as const;

function watchLine(step: StepState | undefined, paper: Paper): string {
  const { verdict, reasons, samples } = step?.watch ?? { verdict: null, reasons: [], samples: [] };
  const [mark, paint] = VERDICTS[verdict ?? 'inconclusive'];
  const why = reasons.length === 0 ? `: ${looksText(samples)}` : `: ${reasons.join('; ')}`;
  const word = verdict ?? 'not judged';
  const start = `${paper.style[paint](mark)} ${label(step?.id ?? '', paper)}  `;
  const [first = '', ...rest] = hung(start, `${word}${escaped(why)}`, narrower(paper, 2));
  return [start + paper.style[paint](word) + first.slice(start.length + word.length), ...rest].join('\n');
}

function undoLine({ step, applied }: EventOf<'undo.applied'>, paper: Paper): string {
  const mark = applied.outcome === 'done' ? paper.style.green('✔') : paper.style.bad('✘');
  const text = applied.reason === undefined ? applied.summary : `${applied.summary}: ${applied.reason}`;
  return hung(`${mark} ${label(step, paper)}  `, escaped(text), narrower(paper, 2)).join('\n');
}
