import { FORMATS } from '../views/formats.ts';
import type { FleetReported } from '../views/tell/fleet/report.ts';
import { defineCommand, type Io } from './_command.ts';
import { print } from './_print.ts';
import { type CommandResult, DONE, refuse } from './_result.ts';

export default defineCommand({
  name: 'report',
  summary: 'tell what happened in a run',
  about:
    'Prints the report of a run, from its journal: what happened and what is left to do, the timeline, the verdict with what was watched, every action with its targets, diffs and undo, and every finding. Also of a run that did not finish.',
  args: [{ syntax: '[run]', about: 'a run: its id, the beginning of it, its last four characters, or last' }],
  options: [
    {
      flags: '--format <format>',
      about: 'md: Markdown, for a ticket; text: for a terminal; json: for programs',
      default: 'md',
      choices: FORMATS,
    },
    { flags: '--json', about: 'the same as --format json' },
  ],
  examples: [
    ['firebreak report', 'the newest run'],
    ['firebreak report 3f2a > incident.md', 'one run, for the ticket'],
    ['firebreak report last --format json', 'the whole state and timeline, for programs'],
  ],
  async run(io, [wanted = 'last'], options) {
    const { allRuns, lookInto, runningNow } = await import('./_journals.ts');
    const { lookIntoFleet, partsOfFleets } = await import('./fleet/journals.ts');
    const { pickRun } = await import('../journal/find.ts');
    const { tellReport } = await import('../views/tell/report.ts');
    const runs = allRuns(io);
    // The last run of a fleet's hosts is a part of what was run last.
    const parts = wanted === 'last' ? partsOfFleets(runs) : new Set<string>();
    const picked = pickRun(
      runs.filter(({ id }) => !parts.has(id)),
      wanted,
    );
    if (!picked.ok) return refuse(picked.message, picked.code === 'ambiguous' ? 'usage' : 'no-such-file');
    const fleet = await lookIntoFleet(io, picked.run, runs);
    if (fleet) return reportFleet(io, fleet, options);
    const now = await runningNow(io, runs);
    const reported = lookInto(picked.run, picked.run.id === now?.id ? now.text : null);
    await print(io, tellReport(reported), { ...options, all: true }, 'md');
    return resultOf(reported);
  },
});

async function reportFleet(
  io: Io,
  fleet: FleetReported,
  options: Readonly<Record<string, unknown>>,
): Promise<CommandResult> {
  const { tellFleetReport } = await import('../views/tell/fleet/report.ts');
  await print(io, tellFleetReport(fleet), { ...options, all: true }, 'md');
  return resultOf(fleet);
}

const resultOf = ({ damaged, problem }: Pick<FleetReported, 'damaged' | 'problem'>): CommandResult =>
  damaged ? refuse(problem ?? 'the journal is damaged', 'journal-damaged') : DONE;
