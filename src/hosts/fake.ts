import type { Host } from '../model/host.ts';
import { fakeCommands } from './fake/commands.ts';
import { fakeFiles } from './fake/files.ts';
import { fakeMachine } from './fake/machine.ts';
import { fakeProcesses } from './fake/processes.ts';
import { fakeServices } from './fake/services.ts';
import type { FakeWorld } from './fake/world.ts';

/** A host made of a `FakeWorld`; passes the same contract suites as the real ones. */
export function fakeHost(world: FakeWorld, name = 'fake'): Host {
  return {
    name,
    processes: fakeProcesses(world),
    files: fakeFiles(world),
    services: fakeServices(world),
    commands: fakeCommands(world),
    machine: fakeMachine(world),
  };
}
