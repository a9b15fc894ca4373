import { escaped } from '../draw/escape.ts';
import { hostsText } from '../draw/hosts.ts';
import { fit, padEnd, padStart, width } from '../draw/layout.ts';
import type { Canvas } from '../draw/region.ts';
import type { Paper, Style } from '../draw/style.ts';
import { doing } from '../tell/fleet/doing.ts';
import { clock, countsText, type Followed, type Follower, type HostStanding, isTrouble } from '../tell/fleet/follow.ts';

/** What the live view draws on. */
export interface FleetScreen extends Canvas {
  /** Calls until it is stopped; keeps no process alive. */
  every(milliseconds: number, tick: () => void): () => void;
  /** Monotonic milliseconds. */
  now(): number;
  paper(): Paper;
}

const MOST_ROWS = 10;

/** What the screen is drawn from. */
interface Stage {
  readonly follower: Follower;
  /** When the last event of a host came. */
  readonly seen: ReadonlyMap<string, number>;
  readonly begun: ReadonlyMap<string, number>;
  readonly screen: FleetScreen;
  readonly began: number;
}

/**
 * The lines at the bottom of the screen as they are now: some hosts at work, the names of those in trouble, how many
 * stand where.
 */
export function frame({ follower, seen, begun, screen, began }: Stage): readonly string[] {
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
  const nameRoom = Math.min(
    Math.floor(paper.columns / 3),
    Math.max(0, ...shown.map(({ host }) => width(escaped(host)))),
  );
  const stepRoom = Math.min(16, Math.max(0, ...shown.map((row) => width(escaped(row.doing.step)))));
  const lines = shown.map(({ host, doing: { step, text, trouble } }) => {
    const time = clock(at - (begun.get(host) ?? at));
    const start = `  ${padEnd(fit(escaped(host), nameRoom), nameRoom)}  ${padStart(time, 5)}  ${padEnd(fit(escaped(step), stepRoom), stepRoom)}  `;
    const rest = fit(escaped(text), Math.max(4, paper.columns - width(start)));
    return trouble ? paper.style.warn(start + rest) : `${start}${rest}`;
  });
  const left = sorted.slice(shown.length).map(({ host }) => host);
  return left.length === 0
    ? lines
    : [...lines, paper.style.dim(`  … ${left.length} more: ${hostsText(left, paper.columns - 20)}`)];
}

/** By name, as long as there is any. Why is said above, where it stays. */
function troubleLine({ fleet }: Followed, paper: Paper): readonly string[] {
  const names = fleet.hosts.filter(isTrouble).map(({ host }) => host);
  if (names.length === 0) return [];
  const label = '✘ in trouble: ';
  return [paper.style.bad(label + hostsText(names, paper.columns - width(label)))];
}

const PAINTS: Readonly<Partial<Record<HostStanding, keyof Style>>> = {
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
