import type { FoundRun } from '../journal/find.ts';
import type { Document } from '../model/document.ts';
import { defineCommand, type Io } from './_command.ts';
import { print } from './_print.ts';
import { refuse } from './_result.ts';

const NAMES: Readonly<Record<string, string>> = { olderThan: '--older-than', keep: '--keep', dryRun: '--dry-run' };

/** What a screen shows, unless all is asked for. */
const SHOWN = 10;

export default defineCommand({
  name: 'runs',
  summary: 'list what was run on this host, newest first',
  about:
    'Lists the runs whose journals are on this host, newest first: how each ended, or the last thing known of it, what it changed and what it left open. root sees the runs of root.',
  args: [],
  options: [
    { flags: '--all', about: `all of them, not only the newest ${SHOWN}` },
    { flags: '--json', about: 'print JSON: every run, with its counters and the process ids that it meant to end' },
    {
      flags: '--prune',
      about: 'remove old runs now, as every run does a few at its end; what is needed still is kept, and said',
    },
    { flags: '--older-than <age>', about: 'with --prune: what was not written to for so long (default: 365d)' },
    { flags: '--keep <runs>', about: 'with --prune: how many folders are kept, the newest (default: 1000)' },
    { flags: '--dry-run', about: 'with --prune: only say what would go' },
    { flags: '--verify', about: 'check every record too; exit 74 where a journal was changed or is damaged' },
  ],
  examples: [
    ['firebreak runs', 'the newest runs, three lines each'],
    ['firebreak runs --json', 'all of them, for programs'],
    ['firebreak runs --verify --all', 'has anybody changed a journal?'],
    ['firebreak runs --prune --older-than 90d --dry-run', 'what would go, were it asked for'],
  ],
  async run(io, _args, options) {
    if (options.prune === true) return (await import('./_prune.ts')).pruneHere(io, options);
    const needs = ['olderThan', 'keep', 'dryRun'].find((name) => options[name] !== undefined);
    if (needs !== undefined) return refuse(`${NAMES[needs]} goes with --prune`, 'usage');
    const { allRuns, runningNow } = await import('./_journals.ts');
    const { partsOfFleets } = await import('./fleet/journals.ts');
    const { stopSwitch } = await import('../wiring/stop-switch.ts');
    const found = allRuns(io);
    const everything = options.all === true || options.json === true;
    // Two hundred hosts of one fleet run would leave no room for anything else.
    const parts = everything ? new Set<string>() : partsOfFleets(found);
    const alone = found.filter(({ id }) => !parts.has(id));
    const shown = everything ? alone : alone.slice(0, SHOWN);
    const now = await runningNow(io, found);
    const rows = await rowsOf(io, { shown, found, now, verify: options.verify === true });
    // Runs are listed without a blank line between them.
    const document = () => rows.map(({ told }) => ({ kind: 'indent', by: 0, inside: told }) as const);
    await print(io, { document, record: () => rows.map(({ row }) => row) }, { json: options.json });
    if (options.json !== true) {
      if (found.length === 0) io.stderr('there is no run yet\n');
      const stopped = stopSwitch(io)();
      if (stopped !== null)
        io.stderr(`${(await import('../views/draw/escape.ts')).escaped(stopped)}: nothing starts unattended\n`);
      if (parts.size > 0)
        io.stderr(`${parts.size} runs of single hosts, told with their fleet run: firebreak runs --all\n`);
      if (alone.length > shown.length) io.stderr(`${alone.length - shown.length} older: firebreak runs --all\n`);
    }
    return { outcome: options.verify === true && rows.some(({ damaged }) => damaged) ? 'journal-damaged' : 'held' };
  },
});

interface Looking {
  readonly shown: readonly FoundRun[];
  readonly found: readonly FoundRun[];
  readonly now: { readonly id: string; readonly text: string } | null;
  readonly verify: boolean;
}

interface Row {
  readonly told: Document;
  readonly row: object;
  readonly damaged: boolean;
}

async function rowsOf(io: Io, { shown, found, now, verify }: Looking): Promise<readonly Row[]> {
  const { lookInto, verifyRun } = await import('./_journals.ts');
  const { lookIntoFleet } = await import('./fleet/journals.ts');
  const { rowOf, tellRun } = await import('../views/tell/runs.ts');
  const { fleetRow, tellFleetRun } = await import('../views/tell/fleet/runs.ts');
  const rows: Row[] = [];
  for (const run of shown) {
    const fleet = await lookIntoFleet(io, run, found);
    if (fleet) {
      rows.push({ told: tellFleetRun(fleet, verify), row: fleetRow(fleet), damaged: fleet.damaged });
      continue;
    }
    const source = (verify ? verifyRun : lookInto)(run, run.id === now?.id ? now.text : null);
    rows.push({ told: tellRun(source), row: rowOf(source), damaged: source.damaged });
  }
  return rows;
}
