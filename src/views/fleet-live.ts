import { type FleetEvent, type FleetEventOf, type FleetView, isFleetEvent } from '../model/fleet-ports.ts';
import { plural } from '../model/quantity.ts';
import { escaped } from './escape.ts';
import { doing } from './fleet-doing.ts';
import {
  type Before,
  clock,
  countsText,
  endText,
  type Followed,
  type Follower,
  followFleet,
  isTrouble,
  type Standing,
  touchedText,
  wholeEnd,
} from './fleet-follow.ts';
import { groupsText, reviewOn } from './fleet-plan.ts';
import { renderFleetSummary } from './fleet-summary.ts';
import { hostsText } from './fleet-words.ts';
import { fit, hang, padEnd, padStart, width } from './layout.ts';
import { type Canvas, regionOn } from './region.ts';
import type { Paper, Style } from './style.ts';

/** What the live view draws on. */
export interface FleetScreen extends Canvas {
  /** Calls until it is stopped; keeps no process alive. */
  every(milliseconds: number, tick: () => void): () => void;
  /** Monotonic milliseconds. */
  now(): number;
  paper(): Paper;
}

/** However much happens, the screen is drawn four times a second at the most. Milliseconds. */
const FRAME = 250;
const MOST_ROWS = 10;

export interface LiveFleet extends FleetView {
  planning(progress: { readonly done: number; readonly of: number; readonly host: string }): void;
  /** The screen is free for a question until `release`; what happens meanwhile is told then. */
  hold(): void;
  release(): void;
}

/**
 * Many hosts at once. What stays (batches, who is in trouble and why) is printed as it happens; below it a few lines are drawn over: some hosts at
 * work, the names of those in trouble, and how many stand where. An event only folds: the price of the screen does not know how many hosts there are.
 */
export function liveFleet(screen: FleetScreen, before?: Before): LiveFleet {
  const region = regionOn(screen);
  const follower = followFleet(before);
  const seen = new Map<string, number>();
  const begun = new Map<string, number>();
  const stage = { follower, seen, begun, screen, began: screen.now() };
  let planning = '';
  let later: string[] | null = null;
  let drawn = Number.NEGATIVE_INFINITY;
  let stop: (() => void) | null = null;

  function print(lines: readonly string[]): void {
    if (lines.length === 0) return;
    if (later === null) region.print(lines);
    else later.push(...lines);
  }
  function draw(): void {
    if (later !== null) return;
    drawn = screen.now();
    region.draw(planning === '' ? frame(stage) : [planning]);
  }
  /** The first of a burst is shown at once, the rest with the next tick. */
  function changed(): void {
    stop ??= screen.every(FRAME, draw);
    if (screen.now() - drawn >= FRAME) draw();
  }
  function end(): void {
    stop?.();
    stop = null;
    region.clear();
  }
  function told(event: FleetEvent): void {
    planning = '';
    if (event.type === 'host.started') begun.set(event.host, screen.now());
    print(lastingLines(event, follower.now, screen.paper()));
    if (event.type !== 'fleet.finished') return;
    end();
    print(['', ...renderFleetSummary(follower.now, screen.paper())]);
  }
  return {
    show: (event) => {
      follower.take(event);
      if (!isFleetEvent(event)) seen.set(event.host, screen.now());
      else told(event);
      if (follower.now.fleet.finished === null) changed();
    },
    planning: ({ done, of, host }) => {
      const paper = screen.paper();
      planning = fit(`looked at ${done} of ${plural(of, 'host')}, now ${escaped(host)}`, paper.columns - 1);
      changed();
    },
    planned: (plan) => {
      planning = '';
      // Where there is anything to do, the question shows it.
      if (plan.batches.length === 0) print(reviewOn(screen.paper(), plan, {}).trimEnd().split('\n'));
    },
    hold: () => {
      later ??= [];
      region.clear();
    },
    release: () => {
      const waiting = later ?? [];
      later = null;
      print(waiting);
      if (stop !== null) draw();
    },
    close: () => {
      later = null;
      end();
    },
  };
}

// ---------------------------------------------------------------- what stays

function lastingLines(event: FleetEvent, { fleet, touched }: Followed, paper: Paper): readonly string[] {
  const { style, columns } = paper;
  switch (event.type) {
    case 'fleet.started':
      return startedLines(event, paper);
    case 'fleet.resumed':
      return hang(
        '',
        escaped(`resumed to ${event.to.replace('-', ' ')} on ${plural(event.hosts.length, 'host')}, by ${event.who}`),
        columns,
        style.warn,
      );
    case 'fleet.planned':
      return hang('', groupsText(event.groups), columns);
    case 'batch.started':
      return [
        fit(`BATCH ${event.batch} of ${event.of}  ${plural(event.hosts.length, 'host')}: ${hostsText(event.hosts, columns - 34)}`, columns),
      ].map(style.bold);
    case 'host.finished':
    case 'host.rolled-back': {
      const host = fleet.hosts.find((one) => one.host === event.host);
      const rolled = event.type === 'host.rolled-back';
      if (host === undefined || !(rolled || isTrouble(host))) return [];
      const [mark, paint] = rolled && !isTrouble(host) ? (['↶', 'cyan'] as const) : (['✘', 'bad'] as const);
      const done = event.run === null ? '' : ` (${touchedText(touched.get(event.host))})`;
      const text = `${rolled ? endText(event) : wholeEnd(host)}${done}`;
      return marked(style[paint](mark), event.host, text, paper);
    }
    case 'batch.finished':
      return batchLines(event, { fleet, paper });
    case 'fleet.stopped':
      return hang('STOPPED  ', escaped(`${event.why}; ${plural(event.notBegun.length, 'host')} not begun`), columns, style.bad);
    case 'fleet.noted':
      return hang('  ', escaped(event.text), columns, style.yellow);
    case 'host.started':
    case 'fleet.finished':
      return [];
    default:
      return unheardOf(event);
  }
}

function unheardOf(_: never): readonly string[] {
  return [];
}

function startedLines({ runbook, hosts, run, who }: FleetEventOf<'fleet.started'>, { columns, style }: Paper): readonly string[] {
  return [
    ...hang('', escaped(`${runbook.name} ${runbook.version} on ${plural(hosts.length, 'host')}`), columns, style.bold),
    ...hang('', escaped(runbook.title), columns),
    ...hang('', escaped(`run ${run}, by ${who}`), columns, style.dim),
  ];
}

/** `✘ web-7  recurred: mail grew by 2`, its later lines below the name. */
export function marked(mark: string, host: string, text: string, { columns }: Paper): readonly string[] {
  const start = `  ${mark} ${escaped(host)}  `;
  const [first = '', ...rest] = hang(' '.repeat(Math.min(width(start), 24)), escaped(text), columns - Math.max(0, width(start) - 24));
  return [start + first.trimStart(), ...rest];
}

function batchLines(
  event: FleetEventOf<'batch.finished'>,
  { fleet, paper }: { readonly fleet: Followed['fleet']; readonly paper: Paper },
): readonly string[] {
  const batch = fleet.batches.findLast(({ batch: number }) => number === event.batch);
  const inBatch = new Set(batch?.hosts ?? []);
  const counts = countsText({ ...fleet, hosts: fleet.hosts.filter(({ host }) => inBatch.has(host)) });
  const [mark, paint] = event.failed.length === 0 ? (['✔', 'green'] as const) : (['✘', 'bad'] as const);
  const text = `batch ${event.batch}: ${counts.map(([, words]) => words).join(', ') || 'no host was touched'}`;
  return hang(`${mark} `, text, paper.columns, paper.style[paint]);
}

// ---------------------------------------------------------------- what is drawn over

interface Stage {
  readonly follower: Follower;
  /** When the last event of a host came. */
  readonly seen: ReadonlyMap<string, number>;
  readonly begun: ReadonlyMap<string, number>;
  readonly screen: FleetScreen;
  readonly began: number;
}

function frame({ follower, seen, begun, screen, began }: Stage): readonly string[] {
  const { now } = follower;
  const paper = { ...screen.paper(), columns: screen.paper().columns - 1 };
  const trouble = troubleLine(now, paper);
  const summary = summaryLines(now, screen.now() - began, paper);
  const room = Math.max(1, Math.min(MOST_ROWS, screen.rows() - 3 - trouble.length - summary.length));
  return ['', ...workingLines(now, { room, seen, begun, at: screen.now(), paper }), ...trouble, ...summary];
}

interface WorkingLook {
  readonly room: number;
  readonly seen: ReadonlyMap<string, number>;
  readonly begun: ReadonlyMap<string, number>;
  readonly at: number;
  readonly paper: Paper;
}

/** Those in trouble first, then who was begun first. */
function workingLines({ working }: Followed, { room, seen, begun, at, paper }: WorkingLook): readonly string[] {
  const rows = [...working].map(([host, state]) => ({ host, doing: doing(state, at - (seen.get(host) ?? at)) }));
  const sorted = [...rows.filter((row) => row.doing.trouble), ...rows.filter((row) => !row.doing.trouble)];
  const shown = sorted.slice(0, sorted.length > room ? room - 1 : room);
  const nameRoom = Math.min(Math.floor(paper.columns / 3), Math.max(0, ...shown.map(({ host }) => width(escaped(host)))));
  const stepRoom = Math.min(16, Math.max(0, ...shown.map((row) => width(escaped(row.doing.step)))));
  const lines = shown.map(({ host, doing: { step, text, trouble } }) => {
    const time = clock(at - (begun.get(host) ?? at));
    const start = `  ${padEnd(fit(escaped(host), nameRoom), nameRoom)}  ${padStart(time, 5)}  ${padEnd(fit(escaped(step), stepRoom), stepRoom)}  `;
    const rest = fit(escaped(text), Math.max(4, paper.columns - width(start)));
    return trouble ? paper.style.warn(start + rest) : `${start}${rest}`;
  });
  const left = sorted.slice(shown.length).map(({ host }) => host);
  return left.length === 0 ? lines : [...lines, paper.style.dim(`  … ${left.length} more: ${hostsText(left, paper.columns - 20)}`)];
}

/** By name, as long as there is any. Why is said above, where it stays. */
function troubleLine({ fleet }: Followed, paper: Paper): readonly string[] {
  const names = fleet.hosts.filter(isTrouble).map(({ host }) => host);
  if (names.length === 0) return [];
  const label = '✘ in trouble: ';
  return [paper.style.bad(label + hostsText(names, paper.columns - width(label)))];
}

const PAINTS: Readonly<Partial<Record<Standing, keyof Style>>> = {
  held: 'good',
  running: 'cyan',
  failed: 'bad',
  'rolled-back': 'warn',
  interrupted: 'warn',
  'not-begun': 'warn',
};

/** `batch 2 of 4 · 12 held · 3 running · 184 waiting · 1 failed · 2:31` */
function summaryLines({ fleet }: Followed, took: number, paper: Paper): readonly string[] {
  const batch = fleet.batches.at(-1);
  const parts = [
    ...(batch === undefined ? [] : [paper.style.bold(`batch ${batch.batch} of ${batch.of}`)]),
    ...countsText(fleet).map(([standing, words]) => paper.style[PAINTS[standing] ?? 'dim'](words)),
    clock(took),
  ];
  const lines: string[] = [];
  for (const part of parts) {
    const longer = lines.length === 0 ? part : `${lines.at(-1)} · ${part}`;
    if (lines.length > 0 && width(longer) <= paper.columns) lines.splice(-1, 1, longer);
    else lines.push(part);
  }
  return lines;
}
