import { setTimeout as sleep } from 'node:timers/promises';
import { fleetJunitView } from '../../../src/views/fleet/junit.ts';
import { fleetLinesView } from '../../../src/views/fleet/lines.ts';
import { fleetTerminal } from '../../../src/views/fleet/terminal.ts';
import { ndjsonView } from '../../../src/views/json.ts';
import { manualInterrupts } from '../../../src/wiring/interrupts.ts';
import { fleetPlanMarkdown, renderFleetPlan } from '../views/drawn.ts';
import { demoFleetPlan } from './demo-fleet.ts';
import { FLEETS, fleetEvents } from './demo-fleet-events.ts';

/**
 * Look at a fleet's views: `node test/support/fleet/demo-fleet-show.ts plan|md|lines|json|junit|live
 * [held|recurred|trouble|large] [--ask] [--all] [--color] [--speed=N]`.
 */
const args = process.argv.slice(2);
const [kind = 'plan', name = 'held'] = args.filter((arg) => !arg.startsWith('--'));
const speed = Number(args.find((arg) => arg.startsWith('--speed='))?.slice(8) ?? 20);
const columns = Number(process.env.COLUMNS) || process.stdout.columns;
const look = { columns, color: args.includes('--color'), all: args.includes('--all') };
const words = {
  whole: (host: string) => `firebreak plan cron-mail-storm --inventory hosts.yaml --limit ${host}`,
  notes: ['at most 10 hosts at once instead of 50: rule night has fleet.at_once: 10'],
};
const command = 'firebreak run cron-mail-storm --inventory hosts.yaml';
const write = (text: string): void => void process.stdout.write(text);

if (kind === 'plan') write(renderFleetPlan(demoFleetPlan, { ...look, ...words, command }));
else if (kind === 'md') write(fleetPlanMarkdown(demoFleetPlan, { ...look, ...words, command }));
else await play();

async function play(): Promise<void> {
  const events = fleetEvents(FLEETS[name in FLEETS ? (name as keyof typeof FLEETS) : 'held']);
  if (kind !== 'live') {
    const view =
      kind === 'json'
        ? ndjsonView({ write })
        : kind === 'junit'
          ? fleetJunitView({ write })
          : fleetLinesView({ write, ...look });
    for (const event of events) await view.show(event);
    return void (await view.close());
  }
  const { _handle } = process.stderr as unknown as { _handle?: { setBlocking?: (blocking: boolean) => number } };
  _handle?.setBlocking?.(false);
  const view = await fleetTerminal({
    ...look,
    columns: undefined,
    streams: process,
    interrupts: manualInterrupts(),
    words,
    dumb: process.env.TERM === 'dumb',
  });
  if (args.includes('--ask')) {
    for (let done = 1; done <= 43; done += 1) {
      view.planning?.({ done, of: 43, host: `web-${done}` });
      await sleep(60);
    }
    const answer = await view.ask.approve(demoFleetPlan);
    if (answer.choice === 'quit') return void (await view.close());
  }
  let last = events[0]?.mono ?? 0;
  const cpu = process.cpuUsage();
  const began = performance.now();
  for (const event of events) {
    if (event.mono > last) await sleep((event.mono - last) / speed);
    last = Math.max(last, event.mono);
    await view.show(event);
  }
  const spent = process.cpuUsage(cpu);
  await view.close();
  process.stderr.write(
    `${events.length} events, ${((spent.user + spent.system) / 1000).toFixed(0)} ms of CPU in ${(performance.now() - began).toFixed(0)} ms\n`,
  );
}
