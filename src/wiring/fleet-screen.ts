import type { FleetAsk, FleetView } from '../model/fleet-ports.ts';
import type { Before } from '../views/fleet-follow.ts';
import type { ReviewWords } from '../views/fleet-plan.ts';
import type { ScreenParts, ScreenWish } from './screen.ts';

export interface FleetScreenWish extends ScreenWish {
  /** TERM=dumb. */
  readonly dumb: boolean;
  /** What the plan's screen is told besides the plan. */
  readonly words?: ReviewWords;
  /** Of a run that goes on. */
  readonly before?: Before;
}

export interface FleetRunScreen {
  readonly views: readonly FleetView[];
  readonly ask: FleetAsk | null;
  readonly close: () => Promise<void>;
}

/** Attended: a live screen and questions on stderr. Unattended: lines, NDJSON or JUnit on stdout. */
export async function fleetScreenFor(parts: ScreenParts, wish: FleetScreenWish): Promise<FleetRunScreen> {
  if (wish.mode === 'unattended') {
    const view = await viewFor(parts, wish);
    return { views: [view], ask: null, close: async () => view.close() };
  }
  const { fleetTerminal } = await import('../views/fleet-terminal.ts');
  const { ask, ...view } = await fleetTerminal({ ...parts, ...wish, color: parts.color.stderr });
  return { views: [view], ask, close: async () => view.close() };
}

async function viewFor({ stdout: write, columns, color }: ScreenParts, { output, all, before }: FleetScreenWish): Promise<FleetView> {
  switch (output) {
    case 'ndjson':
      return (await import('../views/json.ts')).ndjsonView({ write });
    case 'junit':
      return (await import('../views/fleet-junit.ts')).fleetJunitView({ write, before });
    case 'text':
      return (await import('../views/fleet-lines.ts')).fleetLinesView({ write, before, columns, color: color.stdout, all });
  }
}
