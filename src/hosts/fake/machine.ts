import type { Machine } from '../../model/host.ts';
import type { FakeWorld } from './world.ts';

export function fakeMachine(world: FakeWorld): Machine {
  return {
    facts: async () => world.facts,
    users: async () => world.users,
  };
}
