import { type Failure, failure, type Host } from '../model/host.ts';

/**
 * A host on which nothing can be changed: the dry run is `observe` on this, so there is no second code path that could
 * lie.
 */
export function readOnly(host: Host): Host {
  return {
    ...host,
    processes: {
      ...host.processes,
      signal: async (targets) =>
        targets.map(({ pid }) => ({ pid, outcome: 'refused' as const, reason: 'the host is read-only' })),
    },
    files: {
      ...host.files,
      delete: async (handle) => refused(`delete in ${handle.selector.in}`),
      replace: async (path) => refused(`replace ${path}`),
    },
    services: {
      ...host.services,
      start: async (name) => refused(`start ${name}`),
      stop: async (name) => refused(`stop ${name}`),
      restart: async (name) => refused(`restart ${name}`),
      arm: async ({ service }) => refused(`arm a lease that starts ${service}`),
      release: async () => refused('release a lease'),
    },
    commands: {
      ...host.commands,
      run: async (request, signal) =>
        request.effect === 'read'
          ? host.commands.run(request, signal)
          : refused(`run ${request.argv[0] ?? 'a command'}`),
    },
  };
}

function refused(what: string): Failure {
  return failure('read-only', `${what}: the host is read-only`);
}
