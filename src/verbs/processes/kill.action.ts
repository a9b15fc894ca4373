import {
  countByName,
  identityKey,
  impossibleName,
  PROCESS_SELECTOR,
  PROCESSES,
  processTable,
  selectorOf,
  shownCommand,
  strangersText,
} from '../../model/host/processes.ts';
import type { ProcessList, ProcessRecord } from '../../model/host.ts';
import { isObject } from '../../model/json.ts';
import { read } from '../../model/read.ts';
import type { StepReference } from '../../model/reference.ts';
import {
  byDefault,
  exactlyOne,
  type Infer,
  object,
  quantity,
  stepReference,
  wordBut,
} from '../../model/runbook/shape.ts';
import { plural, showDuration } from '../../model/text/quantity.ts';
import {
  type Applied,
  cannot,
  change,
  defineAction,
  type Look,
  notActed,
  nothingToDo,
  type Observation,
} from '../../model/verb.ts';
import { type KillOrder, SIGNALS, sweep } from './sweep.ts';

const RELOAD = '`run` the daemon’s own command, for example {argv: [systemctl, reload, NAME], effect: write}';

/**
 * signal(7): what daemons take as a message, or what does not end a process. `kill` would wait for an end that nobody
 * wants, and call it failed.
 */
const INSTEAD: Readonly<Record<string, string>> = {
  HUP: `most daemons read their configuration again and stay: ${RELOAD}`,
  USR1: `it is a message to the program, which stays: ${RELOAD}`,
  USR2: `it is a message to the program, which stays: ${RELOAD}`,
  WINCH: `it is a message to the program, which stays: ${RELOAD}`,
  QUIT: `a Java program prints its threads and stays, others dump core: write TERM, or ${RELOAD}`,
  ABRT: 'it writes a core file, which may fill the disk: write TERM or KILL',
  STOP: 'a stopped process stays, with all that it holds: `stop` stops a service, KILL ends a process',
  CONT: `it wakes a stopped process, which stays: \`run\` {argv: [kill, -CONT, PID], effect: write}`,
};

const KILL = exactlyOne(
  object('Which processes, and how.', {
    targets: stepReference(
      'The step that found them; it is looked again, so that none is missed that came since.',
      'processes',
    ),
    processes: object(
      'Which processes, where no step has looked for them: all that is given must hold.',
      PROCESS_SELECTOR,
    ),
    signal: byDefault(
      'TERM',
      wordBut(
        'The first signal; TERM without it. Only those that end a process: to reload or to wake a daemon `run` its own command.',
        INSTEAD,
        ...SIGNALS,
      ),
    ),
    kill_after: quantity(
      'duration',
      'How long they have to end; then KILL. Without it nobody is killed, and survivors fail the step after 5 s.',
    ),
  }),
  'targets',
  'processes',
);
type Arg = Infer<typeof KILL>;

export default defineAction({
  summary: 'end processes: a signal, a time of grace, then KILL',
  about:
    'Sends the signal to every target, children before their parents, waits, and with kill_after sends KILL to those that are left. Each target is checked by pid, start time and program at the moment of use. ' +
    'What newly matches the selector in the meantime is added within the limit `kill` and reported. PID 1, firebreak itself and what it runs below, kernel threads and processes in other pid namespaces are never touched. Survivors are named.',
  schema: KILL,
  example: { targets: '$mailers', signal: 'TERM', kill_after: '5s' },
  needs: [],
  idempotent: true,
  forGood: true,
  reserves: ['kill'],
  observe,
  apply: async (act, arg, observation) => await sweep(act, orderOf(arg), observation.targets.detail),
  revert: async () => irreversible(),
});

const DEFAULT_GRACE = 5000;

function orderOf({ targets, processes, signal, kill_after }: Arg): KillOrder {
  return {
    selector: selectorOf(processes ?? read(PROCESSES, targets?.selector)),
    signal,
    grace: kill_after ?? DEFAULT_GRACE,
    thenKill: kill_after !== undefined,
  };
}

async function observe({ host }: Look, arg: Arg): Promise<Observation> {
  const order = orderOf(arg);
  if (Object.keys(order.selector).length === 0)
    return cannot('kill every process', 'no selector: that would be every process of the host');
  const impossible = impossibleName(order.selector);
  if (impossible !== null) return cannot('kill processes', impossible);
  const fresh = await host.processes.list(order.selector);
  if (!fresh.ok) return cannot('kill processes', `could not look: ${fresh.message}`);
  const seen = seenBefore(arg.targets);
  const known = new Set(fresh.processes.map(identityKey));
  const left = seen?.filter((each) => !known.has(identityKey(each))) ?? [];
  const alive = new Set((await host.processes.alive(left)).map(identityKey));
  const all = [...left.filter((each) => alive.has(identityKey(each))), ...fresh.processes];
  const warnings = warningsOf(all, fresh, seen);
  const targets = all.filter((each) => each.spared === undefined);
  return targets.length === 0 ? nothingToDo('no such process', { warnings }) : observationOf(order, targets, warnings);
}

/** What the step found when it looked; undefined where it has not looked. */
function seenBefore(targets: StepReference | undefined): readonly ProcessRecord[] | undefined {
  const from = targets?.found;
  return isObject(from) && Array.isArray(from.processes)
    ? (from.processes as unknown as readonly ProcessRecord[])
    : undefined;
}

function warningsOf(
  all: readonly ProcessRecord[],
  { unreadable, strangers = [] }: Extract<ProcessList, { ok: true }>,
  seen: readonly ProcessRecord[] | undefined,
): readonly string[] {
  const spared = all.filter((each) => each.spared !== undefined);
  const before = new Set(seen?.map(identityKey));
  const added = seen ? all.filter((each) => !each.spared && !before.has(identityKey(each))).length : 0;
  const stuck = all.filter((each) => each.state === 'D').length;
  return [
    ...(added > 0 ? [`${plural(added, 'process', 'processes')} more than when the step looked`] : []),
    ...(stuck > 0
      ? [`${plural(stuck, 'process', 'processes')} in state D: not even KILL ends them before the kernel lets go`]
      : []),
    ...(spared.length > 0
      ? [
          `left alone: ${spared.map((each) => `${each.name}(${each.pid}), ${SPARED[each.spared ?? 'self']}`).join('; ')}`,
        ]
      : []),
    ...(strangers.length > 0 ? [`left alone: ${strangersText(strangers)}`] : []),
    ...(unreadable > 0
      ? [`${plural(unreadable, 'process', 'processes')} may not be looked at: there may be more targets`]
      : []),
  ];
}

const SPARED = {
  init: 'PID 1',
  self: 'firebreak itself',
  ancestor: 'firebreak runs below it',
  kernel: 'a kernel thread',
  elsewhere: 'in another pid namespace',
} as const satisfies Record<NonNullable<ProcessRecord['spared']>, string>;

function observationOf(order: KillOrder, targets: readonly ProcessRecord[], warnings: readonly string[]): Observation {
  const counted = `${plural(targets.length, 'process', 'processes')}: ${countByName(targets)}`;
  return change(`${order.signal === 'KILL' ? 'KILL' : 'kill'} ${counted}`, {
    targets: {
      kind: 'processes',
      count: targets.length,
      members: targets
        .slice(0, 1000)
        .map((each) => `${each.pid} ${each.user} ${showDuration(each.age)} ${shownCommand(each)}`),
      detail: { processes: targets.map(({ pid, start, exe, name, state }) => ({ pid, start, exe, name, state })) },
    },
    state: { now: plural(targets.length, 'process', 'processes'), after: 'none' },
    blocks: [processTable(counted, targets)],
    undo: { kind: 'irreversible', because: 'an ended process cannot be brought back', evidence: evidenceOf(targets) },
    predicts: [{ kind: 'processes-gone', pids: targets.map((each) => each.pid) }],
    costs: { kill: targets.length },
    explain: explain(order, targets),
    estimate: 500 + targets.length,
    warnings,
  });
}

/** Which programs with which arguments, the most frequent ten. */
function evidenceOf(targets: readonly ProcessRecord[]): string {
  const commands = [...Map.groupBy(targets, shownCommand)].toSorted(([, a], [, b]) => b.length - a.length);
  const shown = commands.slice(0, 10).map(([command, of]) => `${of.length} x ${command}`);
  return `${plural(targets.length, 'process', 'processes')}: ${countByName(targets)}; ${shown.join('; ')}${commands.length > 10 ? ' …' : ''}`;
}

const MOST_PIDS = 20;

/** Never `pkill NAME`: it also takes those that somebody else started. */
function explain(order: KillOrder, targets: readonly ProcessRecord[]): readonly string[] {
  const pids = targets
    .slice(0, MOST_PIDS)
    .map((each) => each.pid)
    .join(' ');
  const more = targets.length > MOST_PIDS ? `    # and ${plural(targets.length - MOST_PIDS, 'other')}` : '';
  const last =
    order.thenKill && order.signal !== 'KILL'
      ? [`sleep ${order.grace / 1000}; kill -KILL ${pids}${more}    # those that are left`]
      : [];
  return [`kill -${order.signal} ${pids}${more}`, ...last];
}

function irreversible(): Applied {
  return notActed('nothing was undone', 'an ended process cannot be brought back');
}
