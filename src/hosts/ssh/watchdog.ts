import { saysNoFork } from '../../model/host/no-fork.ts';
import {
  type Failure,
  failure,
  type LeaseOrder,
  type MachineFacts,
  type Processes,
  type Result,
} from '../../model/host.ts';
import type { Json } from '../../model/json.ts';
import type { Watchdogs } from '../linux/leases.ts';
import {
  handleOf,
  leaseIn,
  momentOf,
  WATCHDOG_LABEL,
  type Watchdog,
  type WatchdogStarter,
  watchdogArgs,
} from '../linux/watchdog-script.ts';
import { FAR_PATH } from './far-side.ts';
import type { ProcQuestions } from './proc-look.ts';
import { PROC_WORDS, wordList } from './proc-words.ts';
import type { Remote } from './remote.ts';
import { askSections, type ToldSections } from './sections.ts';
import { lookAtDaemon, NOTHING } from './service-look.ts';

interface World {
  readonly remote: Remote;
  readonly questions: ProcQuestions;
  readonly processes: Pick<Processes, 'list'>;
}

/** Watchdogs over there: the same text as here, started so that nothing of the connection holds it or is held by it. */
export function farWatchdogs(world: World): Watchdogs {
  return {
    arm: (lease, starter, facts) => arm(world.remote, { lease, starter, facts }),
    release: (watchdog, bootId) => release(world, watchdog, bootId),
    armed: (prefix, bootId) => armed(world, prefix, bootId),
  };
}

// ---------------------------------------------------------------- arm

interface Order {
  readonly lease: LeaseOrder;
  readonly starter: WatchdogStarter;
  readonly facts: Pick<MachineFacts, 'bootId' | 'uptime' | 'manager'>;
}

/**
 * The first setsid makes its process lead a group, so the second must fork, and who waits for it is free at once. `&`
 * would do the same and ignore SIGINT and SIGQUIT for ever, which a cron would hand on to its jobs; setsid(1) has -f
 * only where it is new. The substitution ends when the watchdog lets go of its stdout, which it does with the word
 * `armed`. Where systemd runs, a scope of its own: some let logind end all that a session has left
 * (KillUserProcesses=).
 */
async function arm(
  remote: Remote,
  { lease: { id, within }, starter, facts }: Order,
): Promise<Result<{ readonly handle: Json }>> {
  const argv = [
    '/usr/bin/env',
    '-i',
    `PATH=${FAR_PATH}`,
    'setsid',
    'setsid',
    '/bin/sh',
    ...watchdogArgs({ id, moment: momentOf(facts.uptime, within), ...starter }),
  ];
  const scope = [
    'systemd-run',
    '--quiet',
    '--scope',
    '--no-ask-password',
    `--description=Firebreak: ${starter.starter.join(' ')} start unless released`,
    '--',
  ];
  const start = (command: readonly string[]): string =>
    `said=$(cd / && umask 022 && exec ${wordList(command)} </dev/null 2>&1)`;
  const first =
    facts.manager === 'systemd'
      ? `${start([...scope, ...argv])}; case $said in *'armed '*) ;; *) ${start(argv)} ;; esac`
      : start(argv);
  const script = `${PROC_WORDS}${first}
pid=\${said##*armed }
case $pid in '' | *[!0-9]*) mark none; printf '%s' "$said" ;; *) stat_of "$pid"; mark armed "$pid $start" ;; esac`;
  const told = await askSections(remote, script, { effect: 'write' });
  return told.ok ? armedOf(told, id, facts.bootId) : told;
}

function armedOf({ sections }: ToldSections, id: string, bootId: string): Result<{ readonly handle: Json }> {
  const [, pid, start] = /^(\d+) (\d+)$/.exec(sections.word('armed')) ?? [];
  if (start !== undefined)
    return { ok: true, handle: handleOf({ pid: Number(pid), start: Number(start) }, id, bootId) };
  if (sections.has('armed')) return failure('gone', 'the watchdog ended as soon as it was armed');
  const said = sections.text('none').trim().slice(-500);
  return failure(saysNoFork(said) ? 'EAGAIN' : 'ended', `the watchdog ended at once: ${said || 'it said nothing'}`);
}

// ---------------------------------------------------------------- release

/**
 * KILL to the watchdog and to its sleep, and to nothing else: where it has begun to start the service, that is left to
 * its end. It is stopped first, so that it cannot fork between the look at its children and the kill. Nothing is said
 * before the end: a connection that ends meanwhile must not leave it stopped.
 */
const RELEASE_WORDS = `still() { stat_of "$1" && [ "$start" = "$2" ] && case $state in [ZXx]) false ;; esac; }
pause() { tries=$((tries + 1)); [ $tries -lt 300 ] || sleep 1; [ $tries -lt 305 ]; }
args_of() { line= args=; while IFS= read -r line || [ -n "$line" ]; do args="$args$line/"; done <"$1/cmdline"; } 2>/dev/null
waiting_below() {
  args_of "$1"; own=$args waiting=
  for child in $2; do
    stat_of "$child" && [ "$ppid" = "$1" ] || continue
    comm=; IFS= read -r comm <"$child/comm"
    args_of "$child"
    case $comm in sleep) ;; *) [ "$args" = "$own" ] || continue ;; esac
    waiting="$waiting $child.$start"
  done
} 2>/dev/null
release() {
  still "$1" "$2" || { outcome=gone; return; }
  kill -STOP "$1" 2>/dev/null || { still "$1" "$2" && outcome=failed || outcome=gone; return; }
  tries=0
  while still "$1" "$2" && [ "$state" != T ] && pause; do :; done
  children=
  if [ -r "$1/task/$1/children" ]; then read -r children <"$1/task/$1/children"; else children=$(echo [0-9]*); fi
  waiting_below "$1" "$children"
  still "$1" "$2" && kill -KILL "$1" 2>/dev/null
  for each in $waiting; do still "\${each%.*}" "\${each#*.}" && kill -KILL "\${each%.*}" 2>/dev/null; done
  tries=0
  for each in "$1.$2" $waiting; do while still "\${each%.*}" "\${each#*.}" && pause; do :; done; done
  outcome=released
}
`;

async function release(
  { remote, questions }: World,
  { pid, start, id, boot }: Watchdog,
  bootId: string,
): Promise<Result<{ readonly state: 'released' | 'gone' }>> {
  if (bootId === '')
    return failure('unreachable', `${remote.name} does not answer: nobody knows whether ${id} still waits there`);
  const gone = { ok: true, state: 'gone' } as const;
  if (boot !== bootId || !(Number.isSafeInteger(pid) && pid > 1 && Number.isSafeInteger(start))) return gone;
  const asked = await lookAtDaemon({ remote, questions }, { about: NOTHING, pids: [pid] });
  if (!asked.ok) return asked;
  const { sight } = asked.look;
  // Start time and id: the number, the label or the id alone would be somebody else's.
  if (sight.stat(pid)?.start !== start || leaseIn(sight.args(pid)) !== id) return gone;
  const told = await askSections(
    remote,
    `${PROC_WORDS}${RELEASE_WORDS}outcome=\nrelease ${pid} ${start}\nmark outcome "$outcome"`,
    {
      effect: 'write',
    },
  );
  return told.ok ? outcomeOf(told, id, pid) : told;
}

function outcomeOf(
  { sections, stderr }: ToldSections,
  id: string,
  pid: number,
): Result<{ readonly state: 'released' | 'gone' }> {
  const outcome = sections.word('outcome');
  if (outcome === 'released' || outcome === 'gone') return { ok: true, state: outcome };
  return notEnded(id, pid, stderr);
}

const notEnded = (id: string, pid: number, said: string): Failure =>
  failure('EPERM', `the watchdog of ${id} (pid ${pid}) could not be ended${said && `: ${said.trim().slice(-500)}`}`);

// ---------------------------------------------------------------- armed

/** Those that wait over there, in no container. They lead sessions of their own, by the name of /bin/sh. */
async function armed(
  { processes }: World,
  prefix: string,
  bootId: string,
): Promise<Result<{ readonly handles: readonly Json[] }>> {
  const shells = await processes.list({ name: ['sh'], args: WATCHDOG_LABEL });
  if (!shells.ok) return shells;
  const handles = shells.processes.flatMap((each) => {
    const id = leaseIn(each.args);
    const ours = each.session === each.pid && each.spared !== 'elsewhere' && id?.startsWith(prefix);
    return ours && id !== null ? [handleOf(each, id, bootId)] : [];
  });
  return { ok: true, handles };
}
