import { couldNotFork } from '../../model/host/no-fork.ts';
import {
  type Commands,
  capturedText,
  type Failure,
  failure,
  type LeaseOrder,
  type ProgramResult,
  type Result,
} from '../../model/host.ts';
import { isObject, type Json } from '../../model/json.ts';

const PREFIX = 'firebreak-';
const TIMEOUT = 10_000;
/**
 * What systemctl(1) ends with for a unit that is not loaded: a timer of systemd-run(1) is unloaded once it has fired.
 */
const NOT_LOADED = 5;

interface Timer {
  readonly kind: 'timer';
  readonly unit: string;
}

/**
 * A transient timer of PID 1 (systemd-run(1)): nobody of ours needs to live. Without the two Restart properties it
 * would be lost when fork fails at the very moment at which it fires.
 */
export async function armTimer(
  commands: Commands,
  { id, service, also = [], within }: LeaseOrder,
  starter: readonly string[],
): Promise<Result<{ readonly handle: Json }>> {
  const unit = `${PREFIX}${id}`;
  const result = await run(commands, [
    'systemd-run',
    '--collect',
    '--quiet',
    '--no-ask-password',
    `--unit=${unit}`,
    `--description=Firebreak: start ${[service, ...also].join(' ')} unless released`,
    `--on-active=${Math.ceil(within)}ms`,
    '--timer-property=AccuracySec=100ms',
    '--property=Restart=on-failure',
    '--property=RestartSec=2s',
    ...starter,
  ]);
  return ended(result, 'systemd-run') ?? { ok: true, handle: { kind: 'timer', unit } };
}

export async function releaseTimer(
  commands: Commands,
  { unit }: Timer,
): Promise<Result<{ readonly state: 'released' | 'gone' }>> {
  const timer = await run(commands, ['systemctl', '--no-ask-password', 'stop', `${unit}.timer`]);
  if (timer.ok && timer.exit === NOT_LOADED) {
    // The lease has fired. The unit that tries again and again to start the service is not needed any more.
    await run(commands, ['systemctl', '--no-ask-password', 'stop', `${unit}.service`]);
    return { ok: true, state: 'gone' };
  }
  return ended(timer, 'systemctl stop') ?? { ok: true, state: 'released' };
}

export async function timers(
  commands: Commands,
  prefix: string,
): Promise<Result<{ readonly handles: readonly Json[] }>> {
  const argv = [
    'systemctl',
    'list-units',
    '--all',
    '--plain',
    '--no-legend',
    '--no-pager',
    '--full',
    `${PREFIX}${prefix}*.timer`,
  ];
  const result = await run(commands, argv, 'read');
  if (!result.ok) return result;
  const trouble = ended(result, 'systemctl list-units');
  if (trouble) return trouble;
  const units = [...capturedText(result.stdout).matchAll(/^[^\S\n]*(\S+)\.timer\s/gm)].map((match) => match[1] ?? '');
  return { ok: true, handles: units.map((unit) => ({ kind: 'timer', unit })) };
}

export function readTimer(handle: Json): Timer | null {
  if (!isObject(handle) || handle.kind !== 'timer' || typeof handle.unit !== 'string') return null;
  return handle.unit.startsWith(PREFIX) ? { kind: 'timer', unit: handle.unit } : null;
}

function run(commands: Commands, argv: readonly string[], effect: 'read' | 'write' = 'write'): Promise<ProgramResult> {
  return commands.run({ argv, effect, timeout: TIMEOUT, brief: true }, new AbortController().signal);
}

/** Null: it went well. */
function ended(result: ProgramResult, what: string): Failure | null {
  if (!result.ok) return result;
  if (result.exit === 0 && !result.timedOut) return null;
  const said = capturedText(result.stderr).trim().slice(-500);
  const how = result.timedOut ? 'did not end in time' : `ended with ${result.exit ?? result.signal}`;
  return failure(
    couldNotFork(result) ? 'EAGAIN' : `exit-${result.exit ?? result.signal}`,
    `${what} ${how}${said && `: ${said}`}`,
  );
}
