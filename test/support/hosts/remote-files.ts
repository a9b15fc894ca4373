import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { localMachine } from '../../../src/hosts/local/machine.ts';
import { sshFiles } from '../../../src/hosts/ssh/files.ts';
import type { AskOptions, Remote } from '../../../src/hosts/ssh/remote.ts';
import type { Files, Result } from '../../../src/model/host.ts';
import type { FilesUnderTest } from '../../contracts/files.ts';
import { localUnderTest } from '../folder.ts';
import { shellRemote } from './shell-remote.ts';

/** Each applet of busybox under its own name, for a PATH; null where it is not installed. */
export function busyboxTools(after: (then: () => void) => void): string | null {
  if (spawnSync('busybox', ['true']).status !== 0) return null;
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-busybox-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  execFileSync('busybox', ['--install', '-s', folder]);
  return folder;
}

/** A remote whose every script begins with these lines. */
export function prefixed(remote: Remote, lines: string): Remote {
  const ask: Remote['ask'] = async (script, options) => await remote.ask(`${lines}\n${script}`, options);
  return { ...remote, ask, open: async (script, options) => await remote.open(`${lines}\n${script}`, options) };
}

export const toolsFirst = (folder: string): Remote =>
  prefixed(shellRemote({ shell: ['busybox', 'sh'] }), `PATH=${folder}:$PATH`);

/** The files of this machine as those of another. */
export function filesOver(remote: Remote): Files {
  return sshFiles({ remote, machine: localMachine() });
}

/** Closed after the test, without which it would never end. */
export function closing(test: Pick<TestContext, 'after'>, remote: Remote): Remote {
  test.after(async () => await remote.close());
  return remote;
}

export function remoteUnderTest(test: TestContext, given: Remote): FilesUnderTest {
  const remote = closing(test, given);
  return { ...localUnderTest(test), files: filesOver(remote) };
}

/** What was asked: `ask` with its options, or `open`. */
export interface Noted {
  readonly script: string;
  readonly options: AskOptions | null;
}

/** Notes what is asked, and may answer in the remote's place. */
export function noting(
  remote: Remote,
  instead: (noted: Noted) => Awaited<ReturnType<Remote['ask']>> | null = () => null,
): { readonly remote: Remote; readonly noted: Noted[] } {
  const noted: Noted[] = [];
  const ask: Remote['ask'] = async (script, options) => {
    const one = { script, options };
    noted.push(one);
    return instead(one) ?? (await remote.ask(script, options));
  };
  const open: Remote['open'] = async (script, options) => {
    noted.push({ script, options: null });
    return (await remote.open(script, options)) satisfies Result<object>;
  };
  return { remote: { ...remote, ask, open }, noted };
}

/** An ordinary user's: where root tests, of nobody. */
export function ordinaryRemote(): Remote {
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '/bin/sh', '-c'];
  return shellRemote(process.getuid?.() === 0 ? { login: nobody } : {});
}
