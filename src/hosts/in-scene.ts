import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Failure, failure, type Host } from '../model/host.ts';
import { readOnly } from './read-only.ts';

/**
 * The host of a drill: nothing is changed outside of the drill's folder, as links are resolved. A process belongs to
 * the scene if its program lies in that folder, a service if it is one of the scene's init scripts. It is built on a
 * read-only host: a new method of a port is refused until it is named here.
 */
export function inScene(host: Host, scene: string): Host {
  const outside = (path: string): boolean => !isWithin(scene, path);
  const refused = (what: string): Failure =>
    failure(
      'outside-scene',
      `${what}: this is a drill, which acts on nothing outside of ${scene}; the real thing is \`firebreak run\``,
    );
  const still = readOnly(host);
  return {
    ...still,
    processes: {
      ...still.processes,
      signal: async (targets, signal) => {
        const ours = targets.filter(({ exe }) => exe !== null && !outside(exe));
        const sent = await host.processes.signal(ours, signal);
        const others = targets.filter((target) => !ours.includes(target));
        const living = new Set((await host.processes.alive(others)).map(({ pid }) => pid));
        const reason = `not a process of the drill in ${scene}`;
        return [
          ...sent,
          ...others.map(({ pid }) =>
            living.has(pid) ? { pid, outcome: 'refused' as const, reason } : { pid, outcome: 'gone' as const },
          ),
        ];
      },
    },
    files: {
      ...still.files,
      delete: async (handle, options) =>
        outside(handle.selector.in) ? refused(`delete in ${handle.selector.in}`) : host.files.delete(handle, options),
      replace: async (path, change) => (outside(path) ? refused(`replace ${path}`) : host.files.replace(path, change)),
    },
    services: {
      ...still.services,
      start: async (name, options) => (outside(name) ? refused(`start ${name}`) : host.services.start(name, options)),
      stop: async (name, options) => (outside(name) ? refused(`stop ${name}`) : host.services.stop(name, options)),
      release: host.services.release,
      arm: async (lease) =>
        outside(lease.service) ? refused(`arm a lease that starts ${lease.service}`) : host.services.arm(lease),
    },
    commands: {
      ...still.commands,
      run: async (request, signal) => {
        const [program = ''] = request.argv;
        return request.effect === 'write' && outside(program)
          ? refused(`run ${program}`)
          : host.commands.run(request, signal);
      },
    },
  };
}

/** Names without a slash (services, programs in PATH) are no paths, so they are not in the scene. */
export function isWithin(scene: string, path: string): boolean {
  return path.startsWith('/') && realPath(path).startsWith(`${scene}/`);
}

/** Of what is not there any more (a program that was deleted while it runs), where its folder is. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const folder = dirname(path);
    return folder === path ? path : join(realPath(folder), path.slice(folder.length));
  }
}
