import { after } from 'node:test';
import { sshCommands } from '../../../src/hosts/ssh/commands.ts';
import { sshFiles } from '../../../src/hosts/ssh/files.ts';
import { sshMachine } from '../../../src/hosts/ssh/machine.ts';
import { sshProcesses } from '../../../src/hosts/ssh/processes.ts';
import type { Remote } from '../../../src/hosts/ssh/remote.ts';
import { sshServices } from '../../../src/hosts/ssh/services.ts';
import type { Host } from '../../../src/model/host.ts';
import { hostilePathContract } from '../../contracts/hostile-path.ts';
import { pathsContract } from '../../contracts/paths.ts';
import { verbPathsContract } from '../../contracts/verb-paths.ts';
import { FAR_SHELLS } from '../../support/hosts/far-shells.ts';
import { pathsHere } from '../../support/hosts/paths-stage.ts';
import { busyboxTools, toolsFirst } from '../../support/hosts/remote-files.ts';
import { shellRemote } from '../../support/hosts/shell-remote.ts';

const tools = busyboxTools(after);
const remotes = [
  ...FAR_SHELLS.map(({ name, shell }) => [name, shellRemote({ shell })] as const),
  ...(tools === null ? [] : [["busybox's own tools", toolsFirst(tools)] as const]),
];
after(async () => void (await Promise.all(remotes.map(([, remote]) => remote.close()))));

function hostOver(remote: Remote): Host {
  const machine = sshMachine(remote);
  const commands = sshCommands(remote);
  const processes = sshProcesses({ remote, machine });
  const services = sshServices({ remote, machine, commands, processes });
  return { name: 'far', machine, commands, processes, services, files: sshFiles({ remote, machine }) };
}

for (const [name, remote] of process.getuid?.() === 0 ? remotes : []) {
  const host = hostOver(remote);
  pathsContract(`another machine, by ${name}`, (test) => pathsHere(test, host.files));
  hostilePathContract(`another machine, by ${name}`, () => host.files, { rounds: 15 });
  verbPathsContract(`another machine, by ${name}`, (test) => ({ ...pathsHere(test, host.files), host }));
}
