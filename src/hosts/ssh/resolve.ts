import { execFile } from 'node:child_process';
import type { Target } from '../../model/fleet.ts';
import { failure, type Result } from '../../model/host.ts';
import { FIXED_PATH } from '../spawn.ts';

/** What ssh makes of a target: its own words on top of ssh_config(5). */
export interface Resolved {
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  /** ProxyJump or ProxyCommand; null: it is reached directly. */
  readonly via: string | null;
}

const PATIENCE = 10_000;
const MOST = 256 * 1024;

/** Asks `ssh -G`, which connects to nobody. Failures: ENOENT (no ssh here), `refused` with what ssh says. */
export async function resolveTarget(
  target: Target,
  { config, home }: { readonly config: string | null; readonly home: string },
): Promise<Result<{ readonly way: Resolved }>> {
  const env = { PATH: FIXED_PATH, HOME: home, LC_ALL: 'C' };
  const { promise, resolve } = Promise.withResolvers<Result<{ readonly way: Resolved }>>();
  const options = { env, cwd: '/', timeout: PATIENCE, maxBuffer: MOST, killSignal: 'SIGKILL' } as const;
  execFile('ssh', argumentsFor(target, config), options, (error, stdout, stderr) => {
    if (error === null) resolve(readAnswer(stdout));
    else if (error.code === 'ENOENT')
      resolve(failure('ENOENT', 'there is no ssh on this machine: install openssh-client'));
    else resolve(failure('refused', lastLine(stderr) ?? `ssh -G ended with ${String(error.code ?? error.signal)}`));
  });
  return promise;
}

function argumentsFor({ name, address, port, user, identity }: Target, config: string | null): readonly string[] {
  const option = (key: string, value: string | number | null): readonly string[] =>
    value === null ? [] : ['-o', `${key}=${value}`];
  return [
    '-G',
    ...(config === null ? [] : ['-F', config]),
    // ssh reads %h and its like in it.
    ...option('HostName', address?.replaceAll('%', '%%') ?? null),
    ...option('Port', port),
    ...option('User', user),
    ...option('IdentityFile', identity),
    '--',
    name,
  ];
}

function readAnswer(text: string): Result<{ readonly way: Resolved }> {
  const said = new Map(
    text.split('\n').map((line) => [line.split(' ', 1)[0] ?? '', line.slice(line.indexOf(' ') + 1)] as const),
  );
  const [hostname, port, user] = [said.get('hostname'), Number(said.get('port')), said.get('user')];
  if (hostname === undefined || user === undefined || !Number.isInteger(port))
    return failure('refused', 'ssh -G says no host, port and user');
  const via =
    [said.get('proxyjump'), said.get('proxycommand')].find((each) => each !== undefined && each !== 'none') ?? null;
  return { ok: true, way: { hostname, port, user, via } };
}

function lastLine(text: string): string | undefined {
  return text
    .split('\n')
    .findLast((line) => line.trim() !== '')
    ?.trim();
}
