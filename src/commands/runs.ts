import { exitCode } from '../model/outcome.ts';
import { defineCommand } from './_command.ts';

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
    { flags: '--verify', about: 'check every record too; exit 74 where a journal was changed or is damaged' },
  ],
  examples: [
    ['firebreak runs', 'the newest runs, three lines each'],
    ['firebreak runs --json', 'all of them, for programs'],
    ['firebreak runs --verify --all', 'has anybody changed a journal?'],
  ],
  async run(io, _args, options) {
    const [{ allRuns, lookInto, runningNow, verifyRun }, { runsJson, runsText }, { paperOf }, { stopSwitch }] = await Promise.all([
      import('./_journals.ts'),
      import('../views/runs.ts'),
      import('../views/style.ts'),
      import('../wiring/stop-switch.ts'),
    ]);
    const found = allRuns(io);
    const everything = options.all === true || options.json === true;
    const shown = everything ? found : found.slice(0, SHOWN);
    const now = await runningNow(io, found);
    const look = options.verify === true ? verifyRun : lookInto;
    const sources = shown.map((run) => look(run, run.id === now?.id ? now.text : null));
    if (options.json === true) io.stdout(runsJson(sources));
    else {
      io.stdout(runsText(sources, paperOf({ columns: io.columns, color: io.color.stdout })));
      if (found.length === 0) io.stderr('there is no run yet\n');
      const stopped = stopSwitch(io)();
      if (stopped !== null) io.stderr(`${stopped}: nothing starts unattended\n`);
      if (found.length > shown.length) io.stderr(`${found.length - shown.length} older: firebreak runs --all\n`);
    }
    return options.verify === true && sources.some(({ damaged }) => damaged) ? exitCode('journal-damaged') : 0;
  },
});
