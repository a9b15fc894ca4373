import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunEvent } from '../../../src/model/event.ts';
import { type FleetEvent, isFleetEvent } from '../../../src/model/fleet/ports.ts';
import type { HostEnd } from '../../../src/model/fleet.ts';
import { CHECKOUT, type InLab } from '../lab/lab.ts';
import { inOwnPlaces } from '../lab/own-places.ts';
import { ended, type Fleet } from './fleet.ts';

export const FIXTURES = join(CHECKOUT, 'test/fixtures/fleet');

/** Whoever works on the fleet: with journals of their own, and nobody to ask. */
export interface Operator {
  readonly folder: string;
  fire(...args: readonly string[]): Promise<Fired>;
  /** Without waiting for its end. */
  start(...args: readonly string[]): Going;
  close(): void;
}

export interface Fired extends InLab {
  readonly events: readonly (RunEvent | FleetEvent)[];
}

export interface Going {
  readonly process: ChildProcess;
  /** The first event of which it holds; fails where the command ends without it. */
  saw(what: (event: RunEvent | FleetEvent) => boolean): Promise<void>;
  readonly over: Promise<Fired>;
}

export function operatorOf(fleet: Fleet): Operator {
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-operator-'));
  const start = (...args: readonly string[]): Going => {
    const own = inOwnPlaces(join(folder, 'state'), [join(CHECKOUT, 'bin/firebreak'), ...args]);
    const process = fleet.spawn(own.argv, { env: { HOME: folder, ...own.env } });
    let text = '';
    process.stdout?.setEncoding('utf8').on('data', (data) => (text += data));
    const over = ended(process).then((all) => ({ ...all, events: eventsIn(all.stdout) }));
    return { process, over, saw: (what) => seen(() => eventsIn(text), what, over) };
  };
  return { folder, start, fire: (...args) => start(...args).over, close: () => rmSync(folder, { recursive: true }) };
}

async function seen(
  events: () => Fired['events'],
  what: (event: RunEvent | FleetEvent) => boolean,
  over: Promise<Fired>,
) {
  let end: Fired | null = null;
  void over.then((fired) => (end = fired));
  while (!events().some(what)) {
    if (end !== null) assert.fail(`it ended without what was waited for\n${JSON.stringify(end)}`);
    await sleep(20);
  }
}

/** Whole lines that are events; others are for people. */
function eventsIn(text: string): Fired['events'] {
  const lines = text.split('\n').slice(0, -1);
  return lines.flatMap((line) => (line.startsWith('{"') ? [JSON.parse(line) as RunEvent | FleetEvent] : []));
}

/** How each host ended, as the last word on it has it. */
export function endsOf(fired: Fired): Readonly<Record<string, HostEnd>> {
  const ends = fired.events.flatMap((event) => (isFleetEvent(event) && event.type === 'host.finished' ? [event] : []));
  return Object.fromEntries(ends.map((end) => [end.host, end]));
}

/** Name and outcome of each: what most tests compare. */
export const outcomesOf = (fired: Fired): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(endsOf(fired))
      .map(([host, end]) => [host, end.outcome] as const)
      .toSorted(),
  );

export function exits(fired: Fired, code: number): void {
  assert.equal(fired.code, code, `exit ${fired.code}, not ${code}\n${fired.stdout.slice(-3000)}\n${fired.stderr}`);
}
