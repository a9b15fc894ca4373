import { sshProcesses } from '../../../src/hosts/ssh/processes.ts';
import { processesContract } from '../../contracts/processes.ts';
import { realProcesses } from '../../contracts/real-processes.ts';
import { realStage, users } from '../../support/process-stage.ts';
import { remotesHere } from '../../support/shells.ts';

for (const { name, remote } of remotesHere()) {
  const processes = sshProcesses({ remote, machine: { users } });
  processesContract(`far (${name})`, () => realStage(processes));
  realProcesses(`a far ${name}`, processes);
}
