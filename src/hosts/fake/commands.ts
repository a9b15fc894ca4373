import { type Captured, type Commands, failure, type ProgramResult } from '../../model/host.ts';
import type { FakeWorld } from './world.ts';

export function fakeCommands(world: FakeWorld): Commands {
  return {
    async run(request, signal): Promise<ProgramResult> {
      const [program = ''] = request.argv;
      if (signal.aborted) return failure('interrupted', `${program} was not started: interrupted`);
      if (request.secrets !== undefined)
        return failure('secret', `${program} was not started: nobody opened its secrets`);
      const answer = world.commands(request);
      if (!answer) return failure('ENOENT', `${program} could not be started: no such program`);
      if (request.effect === 'write') world.log.push(`run ${request.argv.join(' ')}`);
      const { exit, stdout = '', stderr = '' } = answer;
      return { ok: true, exit, signal: null, timedOut: false, stdout: whole(stdout), stderr: whole(stderr), took: 1 };
    },
    async which(name) {
      const known = world.commands({ argv: [name], effect: 'read', timeout: 0 }) !== undefined;
      return known ? (name.startsWith('/') ? name : `/usr/bin/${name}`) : null;
    },
  };
}

const whole = (text: string): Captured => ({ head: text, tail: '', dropped: 0 });
