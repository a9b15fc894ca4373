import { failure, type ProcessRecord, type Result, type ServiceState, type Services } from '../../model/host.ts';
import { isObject } from '../../model/json.ts';
import { misledScript } from '../local/init.ts';
import { walk } from './walk.ts';
import type { FakeWorld } from './world.ts';

/** A service's main process is one of the world's processes where its `pid` says so: stopping ends it, starting adds one. */
export function fakeServices(world: FakeWorld): Services {
  world.leases ??= new Map();
  const { leases } = world;
  const state = (name: string): ServiceState => {
    fire();
    const led = name.startsWith('/') ? walk(world, name, 'follow') : null;
    if (led && !led.ok && led.code === 'ELOOP') return misledScript(name, led);
    return world.services.get(name) ?? absent(name, world);
  };
  const change = (name: string, wanted: 'running' | 'stopped'): Result<{ readonly state: ServiceState }> => {
    const before = state(name);
    const verb = wanted === 'running' ? 'start' : 'stop';
    if (!before.exists) return failure('ENOENT', `there is no service ${name} to ${verb}`);
    if (before.refused) return failure('ELOOP', before.reason ?? name);
    if (before.state === wanted || (wanted === 'stopped' && before.state === 'failed')) return { ok: true, state: before };
    world.log.push(`${verb} ${name}`);
    const after: ServiceState = { ...before, state: wanted, pid: wanted === 'running' ? begin(world, name) : null, since: world.now };
    if (wanted === 'stopped') world.processes = world.processes.filter(({ pid }) => pid !== before.pid);
    world.services.set(name, after);
    return { ok: true, state: after };
  };
  const fire = (): void => {
    for (const [id, { service, at }] of leases) {
      if (at > world.now) continue;
      leases.delete(id);
      change(service, 'running');
    }
  };
  return {
    state: async (name) => state(name),
    arm: async ({ id, service, within }) => {
      if (!state(service).exists) return failure('ENOENT', `there is no service ${service} to start`);
      world.log.push(`arm ${service} ${within}`);
      leases.set(id, { service, at: world.now + within });
      return { ok: true, handle: { kind: 'fake', id } };
    },
    release: async (handle) => {
      fire();
      const id = isObject(handle) && typeof handle.id === 'string' ? handle.id : null;
      if (id === null) return failure('EINVAL', 'this is not the handle of a lease');
      const lease = leases.get(id);
      if (lease) world.log.push(`release ${lease.service}`);
      return { ok: true, state: leases.delete(id) ? 'released' : 'gone' };
    },
    armed: async (prefix) => {
      fire();
      const ids = [...leases.keys()].filter((id) => id.startsWith(prefix));
      return { ok: true, handles: ids.map((id) => ({ kind: 'fake', id })) };
    },
    start: async (name) => change(name, 'running'),
    stop: async (name) => change(name, 'stopped'),
    explain: async (name, verb) => (name.startsWith('/') ? `${name} ${verb}` : `service ${name} ${verb}`),
  };
}

function absent(name: string, world: FakeWorld): ServiceState {
  const manager = name.startsWith('/') ? 'script' : world.facts.manager;
  return { name, exists: false, state: 'unknown', enabled: null, pid: null, since: null, manager, reason: 'no such service' };
}

/** The pid of a daemon that was just started: PID 1's child, leader of its session. */
function begin(world: FakeWorld, service: string): number {
  const pid = Math.max(1000, ...world.processes.map((process) => process.pid)) + 1;
  const name = service.slice(service.lastIndexOf('/') + 1);
  const daemon: ProcessRecord = {
    pid,
    start: world.now,
    exe: `/usr/sbin/${name}`,
    ppid: 1,
    session: pid,
    name: name.slice(0, 15),
    args: [`/usr/sbin/${name}`],
    uid: 0,
    user: 'root',
    state: 'S',
    age: 0,
    cgroup: null,
    ancestry: [],
    startedBy: null,
  };
  world.processes.push(daemon);
  return pid;
}
