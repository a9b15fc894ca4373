import { inNamespaces, type Rehearsal, rehearse, whyNot } from '../hosts/rehearsal.ts';
import { exitCode } from '../model/outcome.ts';
import type { Interrupts } from '../model/ports.ts';

/**
 * A rehearsal of a runbook: `drill.sh` in `folder` builds the incident small and real, then runs the launcher's `run
 * RUNBOOK` on it.
 */
export interface DrillRequest {
  readonly runbook: string;
  readonly folder: string;
  /** bin/firebreak: the run in the drill is a run like any other. */
  readonly launcher: string;
  /** Asks before each action; else the drill's own policy decides. */
  readonly attended: boolean;
  /** How the run is shown: `--output` of `run`. */
  readonly output?: string;
  /** Do not try namespaces. */
  readonly plain: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface DrillParts {
  readonly say: (text: string) => void;
  readonly interrupts: Interrupts;
}

/** Resolves to the exit code of the run, once nothing of the drill is left. */
export async function drill(request: DrillRequest, { say, interrupts }: DrillParts): Promise<number> {
  const short = tooLittleMemory(request);
  if (short !== null) {
    say(short);
    return exitCode('unsupported-machine');
  }
  const refusal = request.plain ? 'as asked' : whyNoNamespaces(request);
  say(refusal === null ? IN_NAMESPACES : inFolder(refusal));
  const rehearsal = start(request, refusal === null);
  const over = new AbortController();
  passOn(interrupts, rehearsal, over.signal);
  const code = await rehearsal.ended;
  over.abort();
  await rehearsal.cleanUp();
  if (code === UNSUPPORTED) say('over, and nothing of it is left');
  else say('over, and nothing of it is left but the run: `firebreak report` tells what it did');
  if (code <= 128 || code === exitCode('interrupted')) return code;
  say(wasKilled(code - 128));
  return interrupts.pressed > 0 ? exitCode('interrupted') : UNSUPPORTED;
}

const UNSUPPORTED = exitCode('unsupported-machine');
const KILL = 9;

const wasKilled = (signal: number): string =>
  `its run did not end, but was ended by signal ${signal}${signal === KILL ? '; the kernel does that where memory is short, and then says so in its log (dmesg)' : ''}`;

/** Memory for two engines, the incident and its files. */
const MEMORY = 128 * 1024 * 1024;

function tooLittleMemory({ env }: DrillRequest): string | null {
  const allowed = Number(env.FIREBREAK_MEMORY || Number.POSITIVE_INFINITY);
  return allowed >= MEMORY
    ? null
    : `cannot be built: it needs ${MEMORY / 1024 / 1024} MiB of memory, and the control group here is allowed ${Math.floor(allowed / 1024 / 1024)}. Nothing was done`;
}

const IN_NAMESPACES =
  'in namespaces of its own: its processes, files and mounts are seen by nobody else, and the kernel ends them with the drill';

const inFolder = (why: string): string =>
  `without namespaces (${why}): real processes under names that no service has, in a temporary folder. A folder has no inode limit of its ` +
  'own, so the spool counts as full at 1 700 files, and the thresholds for inodes are taken off';

/** Null: what drill.sh will need was granted a moment ago. */
function whyNoNamespaces({ folder, env }: DrillRequest): string | null {
  const trial = [
    '/bin/sh',
    '-c',
    'PATH=$PATH:/usr/sbin:/sbin; mount -t tmpfs -o nr_inodes=10 trial "$1"',
    'trial',
    `${folder}/scene`,
  ];
  return whyNot({ argv: [...inNamespaces(), ...trial], env });
}

function start({ folder, launcher, runbook, attended, output, env }: DrillRequest, isolated: boolean): Rehearsal {
  const alone = [
    '--unattended',
    '--policy',
    `${folder}/policy.yaml`,
    ...(output === undefined ? [] : ['--output', output]),
  ];
  const run = [launcher, 'run', runbook, ...(attended ? [] : alone)];
  const build = ['/bin/sh', `${folder}/drill.sh`, isolated ? 'namespaces' : 'plain', folder, ...run];
  return rehearse({ argv: [...(isolated ? inNamespaces() : []), ...build], env });
}

function passOn(interrupts: Interrupts, rehearsal: Rehearsal, over: AbortSignal): void {
  const { signal } = interrupts;
  const heard = () => {
    interrupts.reset();
    passOn(interrupts, rehearsal, over);
    rehearsal.signal(String(signal.reason));
  };
  signal.addEventListener('abort', heard, { once: true, signal: over });
}
