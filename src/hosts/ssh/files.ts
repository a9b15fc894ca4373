import type { Files, Machine } from '../../model/host.ts';
import { DEFAULT_MAX } from '../file-content.ts';
import { deleteFiles } from './files/delete.ts';
import { list } from './files/list.ts';
import { read } from './files/read.ts';
import { replace } from './files/replace.ts';
import { resolve } from './files/resolve.ts';
import { usage } from './files/usage.ts';
import { writable } from './files/writable.ts';
import type { Remote } from './remote.ts';

/**
 * The files of another machine, by its own stat, find, awk, rm, cp and sha256sum, with the options that busybox has too. What is told from there is judged here,
 * with the rules of hosts/local/; what is done there is checked there, at the moment of use. Paths on network and FUSE mounts are refused (`may-hang`).
 */
export function sshFiles({ remote, machine }: { readonly remote: Remote; readonly machine: Pick<Machine, 'users'> }): Files {
  return {
    resolve: async (path) => await resolve(remote, path),
    usage: async (path) => await usage(remote, path),
    list: async (selector, { sample }) => await list(remote, { selector, sample, users: await machine.users() }),
    delete: async (handle, options) => await deleteFiles(remote, { handle, options, users: await machine.users() }),
    read: async (paths, { max = DEFAULT_MAX } = {}) => await read(remote, paths, max),
    writable: async (paths) => await writable(remote, paths),
    replace: async (path, change) => await replace(remote, path, change),
  };
}
