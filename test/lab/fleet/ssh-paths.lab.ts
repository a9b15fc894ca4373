import { type ChildProcess, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, type TestContext } from 'node:test';
import { type SshHost, sshHost } from '../../../src/hosts/ssh.ts';
import type { Host } from '../../../src/model/host.ts';
import { type Ground, hostilePathContract } from '../../contracts/hostile-path.ts';
import { type PathsUnderTest, pathsContract } from '../../contracts/paths.ts';
import { verbPathsContract } from '../../contracts/verb-paths.ts';
import { type Fleet, fleet } from '../../support/fleet/fleet.ts';
import { putHere, stateOf } from '../../support/hosts/paths-stage.ts';

/** Planted links, and a stranger who exchanges folders for links without end, on a real host over OpenSSH. */
let lab: Fleet;
let holder: ChildProcess;
let far: SshHost;
const scratch = mkdtempSync('/tmp/firebreak-ssh-paths-');

before(async () => {
  lab = await fleet({ hosts: 1 });
  // Only where the host can be reached: this process is not there, but the ssh that it finds is.
  holder = lab.spawn(['sleep', '1000']);
  const enter = `#!/bin/sh\nexec nsenter -t ${holder.pid} -n -- /usr/bin/ssh "$@"\n`;
  writeFileSync(join(scratch, 'ssh'), enter, { mode: 0o755 });
  const target = { name: 'host1', address: null, port: null, user: 'root', identity: null, groups: [], labels: {} };
  const env = { ...process.env, PATH: `${scratch}:${process.env.PATH}` };
  const how = { config: lab.sshConfig, become: false, password: async () => '', uid: 0, env };
  far = sshHost({ ...target, become: false }, how);
});
after(async () => {
  await far?.remote.close();
  holder?.kill();
  await lab?.close();
  rmSync(scratch, { recursive: true, force: true });
});

let count = 0;
function groundThere(test: TestContext): Ground {
  count += 1;
  const there = `/srv/paths${count}`;
  const here = join(lab.rootOf('host1'), there);
  mkdirSync(here);
  test.after(() => execFileSync('rm', ['-rf', '--one-file-system', here]));
  return { there, here };
}

function pathsThere(test: TestContext): PathsUnderTest & { readonly host: Host } {
  const { there, here } = groundThere(test);
  const put: PathsUnderTest['put'] = (path, entry) => {
    if (path.startsWith(there)) putHere(join(lab.rootOf('host1'), path), entry);
  };
  return { files: far.host.files, host: far.host, folder: there, put, state: () => stateOf(here) };
}

pathsContract('a real host over ssh', pathsThere);
hostilePathContract('a real host over ssh', () => far.host.files, { rounds: 40, groundFor: groundThere });
verbPathsContract('a real host over ssh', pathsThere);
