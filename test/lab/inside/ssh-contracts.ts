import { after } from 'node:test';
import { livesStill, readPid } from '../../../src/hosts/linux/pid.ts';
import { sshHost } from '../../../src/hosts/ssh.ts';
import type { Processes } from '../../../src/model/host.ts';
import { commandsContract } from '../../contracts/commands.ts';
import { filesContract } from '../../contracts/files.ts';
import { machineContract } from '../../contracts/machine.ts';
import { processesContract } from '../../contracts/processes.ts';
import { servicesContract } from '../../contracts/services.ts';
import { localUnderTest } from '../../support/folder.ts';
import { littleDaemon } from '../../support/hosts/daemon.ts';
import { realStage } from '../../support/hosts/process-stage.ts';

/**
 * The five suites against the host on which this runs, through its own sshd: what the suites put there they put there
 * themselves. `LOGINS` are users and what to call them: `root=root,oncall=bash with sudo`.
 */
const { LOGINS = '', FLEET_SSH_CONFIG = '' } = process.env;

for (const login of LOGINS.split(',')) {
  const [user = '', name = ''] = login.split('=');
  const target = {
    name: 'host1',
    address: null,
    port: null,
    user,
    identity: null,
    groups: [],
    labels: {},
    become: user !== 'root',
  };
  const { host, remote } = sshHost(target, {
    config: FLEET_SSH_CONFIG,
    become: false,
    password: async () => 'oncall',
    uid: 0,
    env: process.env,
  });
  after(() => remote.close());
  machineContract(name, () => host.machine);
  commandsContract(name, () => host.commands);
  processesContract(name, () => realStage(host.processes as Processes));
  filesContract(name, (test) => ({ ...localUnderTest(test), files: host.files }));
  servicesContract(name, (test) => ({
    services: host.services,
    name: littleDaemon(test).script,
    missing: '/no/such/script',
    lives: (pid) => {
      const stat = readPid(pid);
      return stat !== null && livesStill(stat);
    },
    pass: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  }));
}
