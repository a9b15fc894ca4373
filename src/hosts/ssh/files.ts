import type { Files, Machine } from '../../model/host.ts';
import { DEFAULT_MAX } from '../files/content.ts';
import { deleteFar } from './files/delete.ts';
import { farHolders } from './files/holders.ts';
import { listFar } from './files/list.ts';
import { readFar } from './files/read.ts';
import { replaceFar } from './files/replace.ts';
import { resolveFar } from './files/resolve.ts';
import { usageFar } from './files/usage.ts';
import { writableFar } from './files/writable.ts';
import type { Remote } from './remote.ts';

/**
 * The files of another machine, by its own stat, find, awk, rm, cp and sha256sum, with the options that busybox has
 * too. What is told from there is judged here, with the rules of hosts/local/; what is done there is checked there, at
 * the moment of use. Paths on network and FUSE mounts are refused (`may-hang`).
 */
export function sshFiles({
  remote,
  machine,
}: {
  readonly remote: Remote;
  readonly machine: Pick<Machine, 'users'>;
}): Files {
  return {
    resolve: async (path) => await resolveFar(remote, path),
    usage: async (path) => await usageFar(remote, path),
    list: async (selector, { sample, held: asked }) => {
      const seen = await listFar(remote, { selector, sample, users: await machine.users() });
      const held = asked && seen.ok && seen.count > 0 ? await farHolders(remote, selector.in, false) : null;
      return held ? { ...seen, held } : seen;
    },
    delete: async (handle, options) => {
      const result = await deleteFar(remote, { handle, options, users: await machine.users() });
      const told = result.ok && result.deleted > 0 && result.ended !== 'interrupted';
      const held = told ? await farHolders(remote, handle.selector.in, true) : null;
      return held ? { ...result, held } : result;
    },
    read: async (paths, { max = DEFAULT_MAX } = {}) => await readFar(remote, paths, max),
    writable: async (paths) => await writableFar(remote, paths),
    replace: async (path, change) => await replaceFar(remote, path, change),
  };
}
