import { setTimeout as sleep } from 'node:timers/promises';
import type { RunEvent } from '../../../src/model/event.ts';
import type { PlannedAction } from '../../../src/model/plan.ts';
import { ndjsonView } from '../../../src/views/json.ts';
import { linesView } from '../../../src/views/lines.ts';

import { terminalView } from '../../../src/views/terminal.ts';
import { demoEvents, STORIES, type Story } from './demo-events.ts';
import { demoPlan } from './demo-plan.ts';
import { renderPlan } from './drawn.ts';

export async function showDemo(args: readonly string[]): Promise<void> {
  const [kind = 'plan', name = 'held'] = args.filter((arg) => !arg.startsWith('--'));
  const story = (name in STORIES ? name : 'held') as Story;
  const speed = Number(args.find((arg) => arg.startsWith('--speed='))?.slice(8) ?? 1);
  const look = { columns: process.stdout.columns, color: args.includes('--color'), all: args.includes('--all') };
  const write = (text: string): void => void process.stdout.write(text);
  if (kind === 'plan') return write(renderPlan(demoPlan, look));
  if (kind === 'terminal') return inTerminal(story, speed, look);
  const view = kind === 'json' ? ndjsonView({ write }) : linesView({ write, ...look });
  for (const event of demoEvents(story)) await view.show(event);
  await view.close();
}

/**
 * Plays the story with its pauses (`speed` times as fast) and really asks before each action; the answer is shown, the
 * story goes on anyhow.
 */
async function inTerminal(
  story: Story,
  speed: number,
  look: { columns: number | undefined; color: boolean; all: boolean },
): Promise<void> {
  const interrupt = new AbortController();
  process.on('SIGINT', () => interrupt.abort('SIGINT'));
  const { ask, ...view } = await terminalView({ ...look, streams: process, interrupts: interrupt });
  view.planned(demoPlan);
  let last: RunEvent | null = null;
  for (const event of demoEvents(story)) {
    if (last !== null) await sleep((event.mono - last.mono) / speed);
    await view.show(event);
    last = event;
    if (event.type !== 'approval.asked') continue;
    const actions = demoPlan.steps.filter((step): step is PlannedAction => step.kind === 'action');
    const step = actions.find(({ id }) => id === event.step);
    if (step === undefined) continue;
    const answer = await ask.approve({
      step,
      at: { number: actions.indexOf(step) + 1, of: actions.length },
      undoable: [],
    });
    if (answer.choice === 'quit') {
      process.stderr.write(`${JSON.stringify(answer)}\n`);
      break;
    }
  }
  await view.close();
}
