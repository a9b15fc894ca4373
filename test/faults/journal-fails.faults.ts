import * as fs from 'node:fs';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openJournal } from '../../src/journal/append.ts';
import { type Disk, realDisk } from '../../src/journal/disk.ts';
import { readJournal } from '../../src/journal/read.ts';
import type { RunEvent } from '../../src/model/event.ts';
import { fault, inLanes, type Tally } from '../support/lab/faults.ts';
import { eventsIn, inScene, stateFolder } from '../support/lab/scene.ts';
import { change, clause, rehearse, type Script } from '../support/rehearsal.ts';

/**
 * The disk under the journal answers the Nth call with an error, once or from then on: no act without a durable intent,
 * and never exit 0.
 */
const uid = process.getuid?.() ?? 0;
const CALLS = ['writeSync', 'fdatasyncSync', 'fsyncSync', 'openSync', 'mkdirSync', 'renameSync'] as const;

interface Failing {
  readonly disk: Disk;
  /** Calls so far. */
  readonly count: () => number;
  readonly met: () => boolean;
}

/**
 * `nth` 0: nothing fails. `EIO+`: from then on. `short`: a write takes half of what it was given, which is no error and
 * must lose nothing.
 */
function failing(kind: string, nth: number): Failing {
  let count = 0;
  let met = false;
  const code = kind.replace('+', '');
  const due = (): boolean => {
    count += 1;
    const now = nth > 0 && (count === nth || (kind.endsWith('+') && count > nth));
    met ||= now;
    return now;
  };
  const wrapped = CALLS.map((name) => {
    const real = realDisk[name] as (...args: unknown[]) => unknown;
    const call = (...args: unknown[]): unknown => {
      if (!due()) return real(...args);
      if (kind !== 'short') throw Object.assign(new Error(`${code}: injected`), { code });
      if (name !== 'writeSync') return real(...args);
      const [fd, bytes, from, length] = args as [number, Uint8Array, number, number];
      return fs.writeSync(fd, bytes, from, Math.ceil(length / 2));
    };
    return [name, call] as const;
  });
  return {
    disk: { ...realDisk, ...Object.fromEntries(wrapped) } as unknown as Disk,
    count: () => count,
    met: () => met,
  };
}

/** Three acts, of which each looks whether its own intent can be read from the disk. */
function script(folder: () => string, undurable: string[]): Script {
  const act = (id: string) => ({
    observe: async () => change(id, { keep: { before: 'YmVmb3Jl' } }),
    apply: async () => {
      const read = readJournal(folder());
      const events: readonly RunEvent[] = read.ok ? read.events : read.before;
      if (!events.some((event) => event.type === 'action.intended' && event.step === id)) undurable.push(id);
      return { outcome: 'done' as const, summary: '', used: {}, blocks: [] };
    },
  });
  return {
    diagnose: [{ id: 'look', expect: clause('count', { at_least: 1 }) }],
    act: ['one', 'two', 'three'].map((id) => ({ id, verb: id })),
    actions: { one: act('one'), two: act('two'), three: act('three') },
  };
}

async function once(
  root: string,
  kind: string,
  nth: number,
): Promise<{ failing: Failing; end: string; undurable: readonly string[] }> {
  const state = join(root, `${kind}-${nth}`);
  const fail = failing(kind, nth);
  const opened = await openJournal({ places: [{ path: state, home: true }], uid, run: 'r1', disk: fail.disk });
  if (!opened.ok) return { failing: fail, end: opened.code, undurable: [] };
  const { journal } = opened;
  const undurable: string[] = [];
  const given = { append: journal.append, keep: journal.keep };
  const end = await rehearse({ ...script(() => journal.folder, undurable), journal: given }).then(
    ({ ending }) => ending.outcome as string,
    (error: Error) => error.name,
  );
  await journal.close();
  return { failing: fail, end, undurable };
}

const KINDS = ['EIO', 'EIO+', 'ENOSPC', 'ENOSPC+', 'EROFS+', 'EMFILE', 'short'] as const;

fault(
  'the journal’s disk fails at the Nth call, for every N',
  { needs: [], within: 300_000 },
  async (tally, context) => {
    const root = stateFolder(context);
    const whole = await once(root, 'none', 0);
    if (whole.end !== 'held') throw new Error(`without a fault it ends as ${whole.end}`);
    for (const kind of KINDS)
      for (let nth = 1; nth <= whole.failing.count(); nth += 1)
        judge(tally, `${kind} ${nth}`, kind === 'short', await once(root, kind, nth));
    tally.note = `${whole.failing.count()} calls, ${KINDS.join(', ')}; acts without a durable intent: none`;
  },
);

function judge(
  tally: Tally,
  where: string,
  short: boolean,
  { failing: fail, end, undurable }: Awaited<ReturnType<typeof once>>,
): void {
  tally.runs += 1;
  if (!fail.met()) tally.wrong.push(`${where}: the fault was not met`);
  tally.lost.push(...undurable.map((step) => `${where}: ${step} was done without its intent on disk`));
  const wanted = short ? ['held'] : ['JournalError', 'no-journal'];
  if (!wanted.includes(end)) tally.wrong.push(`${where}: it ended as ${end}`);
}

// ---------------------------------------------------------------- the program itself, in the drill

const EVERY = 7;
const nthOf = (point: string): number => Number.parseInt(point.split(':')[1] ?? '', 10);

fault(
  'the journal’s disk fails under a run in the drill',
  { needs: ['namespaces'], within: 300_000 },
  async (tally, context) => {
    const root = stateFolder(context);
    await inScene('faulty count run cron-mail-storm "$@"', { state: root, within: 60_000 });
    const calls = readFileSync(join(root, 'calls'), 'utf8').split('\n').filter(Boolean).length;
    const points = ['EIO', 'ENOSPC'].flatMap((code) =>
      Array.from(
        { length: Math.ceil(calls / EVERY) },
        (_, at) => `${code}:${at * EVERY + (code === 'EIO' ? 1 : 4)}${code === 'EIO' ? '' : '+'}`,
      ),
    );
    const unmet: string[] = [];
    await inLanes(
      points.filter((point) => nthOf(point) <= calls),
      4,
      async (point) => {
        const state = join(root, point);
        mkdirSync(state);
        const scene = await inScene(`faulty ${point} run cron-mail-storm "$@"; echo "say exit=$?"; world end`, {
          state,
          within: 60_000,
        });
        tally.runs += 1;
        if (scene.hung) return void tally.hung.push(point);
        // The number of samples of a watch depends on the machine, so a run may have fewer calls than the one that was
        // counted.
        const met = existsSync(join(state, 'calls'));
        if (!met) unmet.push(point);
        if (scene.said.exit !== (met ? '73' : '0'))
          tally.wrong.push(`${point}: exit ${scene.said.exit}\n${readFileSync(join(state, 'said'), 'utf8')}`);
        if (scene.worlds.end?.cron !== 1) tally.lost.push(`${point}: cron does not run any more`);
        const intended = new Set(
          (eventsIn(join(state, 'state')) ?? []).flatMap((event) =>
            event.type === 'action.intended' ? [event.step] : [],
          ),
        );
        if ((scene.worlds.end?.files ?? 0) < 1000 && !intended.has('free-a-little'))
          tally.lost.push(`${point}: deleted without an intent`);
        if ((scene.worlds.end?.silenced ?? 0) > 0 && !intended.has('silence-jobs'))
          tally.lost.push(`${point}: edited without an intent`);
      },
    );
    if (unmet.some((point) => nthOf(point) < calls - 2 * EVERY))
      tally.wrong.push(`not met: ${unmet.join(', ')} of ${calls} calls`);
    tally.note = `${tally.runs - unmet.length} of ${calls} calls, EIO once and ENOSPC from then on: exit 73, and cron runs`;
  },
);
