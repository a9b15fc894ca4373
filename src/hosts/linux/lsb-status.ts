import { couldNotFork } from '../../model/host/no-fork.ts';
import type { Commands, ServiceState } from '../../model/host.ts';
import type { DaemonAbout } from './daemon-about.ts';

const STATUS_TIMEOUT = 10_000;

type Answer = Pick<ServiceState, 'state'> & { readonly reason?: string };

/** LSB: 0 running, 1 and 2 dead though a pid or lock file is there, 3 not running, 4 and more unknown. */
export async function askScript(commands: Commands, path: string, about: DaemonAbout): Promise<Answer> {
  if (!about.answersStatus)
    return { state: 'unknown', reason: `${path} does not say which program it starts, and has no status` };
  const result = await commands.run(
    { argv: [path, 'status'], effect: 'read', timeout: STATUS_TIMEOUT, brief: true },
    new AbortController().signal,
  );
  if (!result.ok) return { state: 'unknown', reason: result.message };
  if (couldNotFork(result)) return { state: 'unknown', reason: `${path} status could not start a process` };
  if (result.timedOut)
    return { state: 'unknown', reason: `${path} status did not answer within ${STATUS_TIMEOUT / 1000} s` };
  if (result.exit === 0) return { state: 'running' };
  if (result.exit === 1 || result.exit === 2) return { state: 'failed' };
  if (result.exit === 3) return { state: 'stopped' };
  return { state: 'unknown', reason: `${path} status ended with ${result.exit ?? result.signal}` };
}
