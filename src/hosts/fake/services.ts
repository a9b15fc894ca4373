import {
  failure,
  type ProcessRecord,
  type Result,
  type ServiceState,
  type Services,
  type ServiceTies,
} from '../../model/host.ts';
import { isObject } from '../../model/json.ts';
import { misledScript } from '../linux/init.ts';
import { walk } from './walk.ts';
import type { FakeWorld } from './world.ts';

/**
 * A service's main process is one of the world's processes where its `pid` says so: stopping ends it, starting adds
 * one.
 */
export function fakeServices(world: FakeWorld): Services {
  world.leases ??= new Map();
  const { leases } = world;
  const state = (name: string): ServiceState => {
    fire();
    const led = name.startsWith('/') ? walk(world, name, 'follow') : null;
    if (led && !led.ok && led.code === 'ELOOP') return misledScript(name, led);
    return world.services.get(name) ?? absent(name, world);
  };
  const tiesOf = (name: string): ServiceTies => ({
    needers: [],
    lost: [],
    starters: [],
    endless: [],
    refuses: [],
    rivals: [],
    once: false,
    ...world.ties?.get(name),
  });
  const put = (name: string, wanted: 'running' | 'stopped'): ServiceState => {
    const before = state(name);
    const after: ServiceState = {
      ...before,
      state: wanted,
      pid: wanted === 'running' ? begin(world, name) : null,
      since: world.now,
    };
    if (before.pid !== null) world.processes = world.processes.filter(({ pid }) => pid !== before.pid);
    world.services.set(name, after);
    return after;
  };
  const change = (
    name: string,
    verb: 'start' | 'stop' | 'restart',
    also: readonly string[] = [],
  ): Result<{ readonly state: ServiceState }> => {
    const before = state(name);
    const wanted = verb === 'stop' ? 'stopped' : 'running';
    if (!before.exists) return failure('ENOENT', `there is no service ${name} to ${verb}`);
    if (before.refused) return failure('ELOOP', before.reason ?? name);
    if (before.masked && verb !== 'stop') return failure('masked', `${name} is masked`);
    const others = also.filter((other) => state(other).state !== 'running');
    const there =
      verb !== 'restart' && (before.state === wanted || (wanted === 'stopped' && before.state === 'failed'));
    if (there && others.length === 0) return { ok: true, state: before };
    world.log.push([verb, name, ...also].join(' '));
    const { needers } = tiesOf(name);
    if (verb !== 'start') for (const needer of needers) put(needer, wanted);
    if (verb !== 'stop') for (const rival of tiesOf(name).rivals) put(rival, 'stopped');
    for (const other of others) put(other, 'running');
    return { ok: true, state: there ? before : put(name, wanted) };
  };
  const fire = (): void => {
    for (const [id, { service, also, at }] of leases) {
      if (at > world.now) continue;
      leases.delete(id);
      change(service, 'start', also);
    }
  };
  return {
    state: async (name) => state(name),
    ties: async (name) => ({ ok: true, ties: tiesOf(name) }),
    arm: async ({ id, service, also = [], within }) => {
      if (!state(service).exists) return failure('ENOENT', `there is no service ${service} to start`);
      world.log.push(`arm ${[service, ...also].join(' ')} ${within}`);
      leases.set(id, { service, also, at: world.now + within });
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
    start: async (name, { also }) => change(name, 'start', also),
    stop: async (name) => change(name, 'stop'),
    restart: async (name, { also }) => change(name, 'restart', also),
    explain: async (name, verb) => (name.startsWith('/') ? `${name} ${verb}` : `service ${name} ${verb}`),
  };
}

function absent(name: string, world: FakeWorld): ServiceState {
  const manager = name.startsWith('/') ? 'script' : world.facts.manager;
  return {
    name,
    exists: false,
    state: 'unknown',
    enabled: null,
    pid: null,
    since: null,
    manager,
    reason: 'no such service',
  };
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
