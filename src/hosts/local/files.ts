import type { Commands, Files, Machine } from '../../model/host.ts';
import { DEFAULT_MAX } from '../files/content.ts';
import { deleteFiles } from './delete.ts';
import { listFiles } from './list.ts';
import { resolvePath } from './pin.ts';
import { readFile } from './read.ts';
import { replaceFile } from './replace.ts';
import { fileSystemUsage } from './usage.ts';
import { writable } from './writable.ts';

/**
 * The files of this very machine. Synchronous calls on the main thread, in slices: on the sick host libuv's pool may
 * not be able to start. Paths on network and FUSE mounts are refused (`may-hang`): a call into a dead one never comes
 * back. Without `commands` a replaced file is overwritten in place instead of exchanged.
 */
export function localFiles({ machine, commands }: { readonly machine: Machine; readonly commands?: Commands }): Files {
  return {
    resolve: async (path) => resolvePath(path),
    usage: async (path) => fileSystemUsage(path),
    list: async (selector, { sample, held }) =>
      listFiles(selector, { sample, held: held === true, users: await machine.users() }),
    delete: async (handle, options) => deleteFiles(handle, options, await machine.users()),
    read: async (paths, { max = DEFAULT_MAX } = {}) => paths.map((path) => readFile(path, max)),
    writable: async (paths) => paths.map(writable),
    replace: async (path, change) => replaceFile(path, change, commands),
  };
}
