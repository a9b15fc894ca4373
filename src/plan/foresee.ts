import type { FileContent, Host } from '../model/host.ts';
import type { Prediction } from '../model/verb.ts';

/**
 * The host as it will be after the steps that are planned so far. Nothing is changed: predictions replace what is seen.
 */
export interface Foresight {
  readonly host: Host;
  readonly add: (predictions: readonly Prediction[]) => void;
  /** Whether a prediction has been used since the last call: then now and before-this-step may differ. */
  readonly used: () => boolean;
  /** What earlier steps take down with a service. */
  readonly takenDown: (service: string) => readonly string[];
}

export function foresee(host: Host): Foresight {
  const predictions: Prediction[] = [];
  let used = false;
  const find = <K extends Prediction['kind']>(kind: K) =>
    predictions.filter((p): p is Extract<Prediction, { kind: K }> => p.kind === kind);
  const use = <T>(value: T): T => {
    used = true;
    return value;
  };

  return {
    takenDown: (service) => [...new Set(find('service').flatMap((p) => (p.name === service ? (p.takes ?? []) : [])))],
    add: (more) => void predictions.push(...more),
    used: () => {
      const was = used;
      used = false;
      return was;
    },
    host: {
      ...host,
      services: {
        ...host.services,
        state: async (name) => {
          const seen = await host.services.state(name);
          const next = find('service').findLast((p) => p.name === seen.name);
          return next ? use({ ...seen, state: next.state, pid: null, since: null }) : seen;
        },
      },
      processes: {
        ...host.processes,
        list: async (selector) => {
          const seen = await host.processes.list(selector);
          const gone = new Set(find('processes-gone').flatMap((p) => p.pids));
          if (!seen.ok || gone.size === 0) return seen;
          return use({ ...seen, processes: seen.processes.filter((process) => !gone.has(process.pid)) });
        },
      },
      files: {
        ...host.files,
        usage: async (path) => {
          const seen = await host.files.usage(path);
          if (!seen.ok) return seen;
          let free = seen.inodes.free;
          for (const gone of find('files-gone')) {
            const where = await host.files.usage(gone.in);
            if (where.ok && where.mount === seen.mount) free += use(gone.count);
          }
          return { ...seen, inodes: { ...seen.inodes, free } };
        },
        list: async (selector, options) => {
          const seen = await host.files.list(selector, options);
          const gone = seen.ok ? find('files-gone').filter((p) => p.in === seen.real) : [];
          if (!seen.ok || gone.length === 0) return seen;
          const count = gone.reduce((sum, p) => sum + p.count, 0);
          const bytes = gone.reduce((sum, p) => sum + p.bytes, 0);
          return use({
            ...seen,
            count: Math.max(0, seen.count - count),
            bytes: Math.max(0, seen.bytes - bytes),
            sample: [],
          });
        },
        read: async (paths, options) => {
          const seen = await host.files.read(paths, options);
          return seen.map((content): FileContent => {
            const next = content.ok
              ? find('file').findLast((p) => p.path === content.real || p.path === content.path)
              : undefined;
            // A predicted content has no hash of its own: nothing may be written on the ground of a prediction.
            return next && content.ok
              ? use({ ...content, bytes: next.bytes, hash: `predicted:${next.path}` })
              : content;
          });
        },
      },
    },
  };
}
