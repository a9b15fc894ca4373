import type { FleetAsk, FleetView } from '../../model/fleet/ports.ts';
import type { Before } from '../tell/fleet/follow.ts';
import type { ReviewWords } from '../tell/fleet/plan.ts';
import { FROZEN, paperOn, promptsFor, type Terminal } from '../terminal.ts';
import { fleetAskWith } from './ask.ts';
import type { FleetScreen } from './frame.ts';
import { fleetLinesView } from './lines.ts';
import { type LiveFleet, liveFleet } from './live.ts';

export interface FleetTerminal extends Terminal {
  /** TERM=dumb: nothing can be drawn over, so that everything is a line of its own. */
  readonly dumb?: boolean;
  /** What the plan's screen is told besides the plan. */
  readonly words?: ReviewWords;
  /** Of a run that goes on. */
  readonly before?: Before | undefined;
}

/** Many hosts on a terminal, and the questions about them. Never construct it without a terminal on both ends. */
export async function fleetTerminal(terminal: FleetTerminal): Promise<FleetView & { readonly ask: FleetAsk }> {
  const view = terminal.dumb === true ? plain(terminal) : liveFleet(screenOn(terminal), terminal.before);
  const ask = fleetAskWith(await promptsFor(terminal, async () => {}), terminal.words);
  return { ...view, ask: between(view, ask) };
}

/** While a person is asked nothing is drawn, whatever happens on other hosts; it is told afterwards. */
function between({ hold, release }: Pick<LiveFleet, 'hold' | 'release'>, ask: FleetAsk): FleetAsk {
  const freely = <Q, A>(put: (question: Q) => Promise<A>): ((question: Q) => Promise<A>) => {
    return async (question) => {
      hold();
      try {
        return await put(question);
      } finally {
        release();
      }
    };
  };
  return { approve: freely(ask.approve), next: freely(ask.next), undo: freely(ask.undo), confirm: freely(ask.confirm) };
}

function screenOn(terminal: FleetTerminal): FleetScreen {
  const { stderr } = terminal.streams;
  return {
    write: (text) => void stderr.write(text),
    columns: () => stderr.columns || 80,
    rows: () => stderr.rows || 24,
    frozen: () => stderr.writableLength >= FROZEN,
    every: (milliseconds, tick) => {
      const timer = setInterval(tick, milliseconds).unref();
      return () => clearInterval(timer);
    },
    now: () => performance.now(),
    paper: paperOn(terminal),
  };
}

/** Lines, kept back while a question stands there. */
function plain(terminal: FleetTerminal): FleetView & Pick<LiveFleet, 'hold' | 'release'> {
  const { stderr } = terminal.streams;
  let later: string[] | null = null;
  const write = (text: string): void => {
    if (later === null) stderr.write(text);
    else later.push(text);
  };
  return {
    ...fleetLinesView({ ...paperOn(terminal)(), color: false, write, before: terminal.before }),
    hold: () => {
      later ??= [];
    },
    release: () => {
      const waiting = later ?? [];
      later = null;
      for (const text of waiting) write(text);
    },
  };
}
