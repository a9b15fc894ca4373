import type { Host } from '../model/host.ts';
import { localCommands } from './local/commands.ts';
import { localFiles } from './local/files.ts';
import { localMachine } from './local/machine.ts';
import { localProcesses } from './local/processes.ts';
import { localServices } from './local/services.ts';

/**
 * This very machine. Synchronous, fork-free reads behind asynchronous ports: libuv's pool may not be able to start
 * here.
 */
export function localHost(name = 'localhost'): Host {
  const machine = localMachine();
  const commands = localCommands();
  const processes = localProcesses({ machine });
  const files = localFiles({ machine, commands });
  const services = localServices({ machine, commands, processes });
  return { name, processes, files, services, commands, machine };
}
