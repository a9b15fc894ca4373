import { type FleetEvent, type FleetView, isFleetEvent } from '../../model/fleet/ports.ts';
import { plural } from '../../model/text/quantity.ts';
import { escaped } from '../draw/escape.ts';
import { fit } from '../draw/layout.ts';
import { regionOn } from '../draw/region.ts';
import { drawLines } from '../draw/terminal.ts';
import { tellFleetEnd } from '../tell/fleet/end.ts';
import { tellFleetEvent } from '../tell/fleet/event.ts';
import { type Before, followFleet } from '../tell/fleet/follow.ts';
import { reviewDocument } from '../tell/fleet/plan.ts';
import { type FleetScreen, frame } from './frame.ts';

/** However much happens, the screen is drawn four times a second at the most. Milliseconds. */
const FRAME = 250;

export interface LiveFleet extends FleetView {
  planning(progress: { readonly done: number; readonly of: number; readonly host: string }): void;
  /** The screen is free for a question until `release`; what happens meanwhile is told then. */
  hold(): void;
  release(): void;
}

/**
 * The screen for many hosts. Lines that stay (batches, hosts in trouble and why) are printed as they happen. Below them
 * a few lines are overwritten: some hosts at work, names of hosts in trouble, and counts. An event only changes the
 * state, so the cost of the screen does not grow with the number of hosts.
 */
export function liveFleet(screen: FleetScreen, before?: Before): LiveFleet {
  const region = regionOn(screen);
  const follower = followFleet(before);
  const seen = new Map<string, number>();
  const begun = new Map<string, number>();
  let began: number | null = null;
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
    region.draw(planning === '' ? frame({ follower, seen, begun, screen, began: began ?? screen.now() }) : [planning]);
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
    // The time in which the person read the plan does not count.
    if (event.type === 'batch.started') began ??= screen.now();
    if (event.type === 'host.started') begun.set(event.host, screen.now());
    print(drawLines(tellFleetEvent(event, follower.now).lasting, screen.paper()));
    if (event.type !== 'fleet.finished') return;
    end();
    print(['', ...drawLines(tellFleetEnd(follower.now), screen.paper())]);
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
      // If there is something to do, the question shows the plan.
      if (plan.batches.length === 0) print(drawLines(reviewDocument(plan, {}), screen.paper()));
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
