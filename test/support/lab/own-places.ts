import { mkdirSync } from 'node:fs';

/**
 * How a command line of the real program is started with journals in `state` and, with `lock`, a lock of its own.
 * Root's places are fixed, so for root the folder is mounted over the fixed one, in a namespace of its own; a network
 * of its own keeps the lock apart. An ordinary user may name both. The pid stays that of the child.
 */
export function inOwnPlaces(
  state: string,
  argv: readonly string[],
  { lock = false } = {},
): { readonly argv: readonly string[]; readonly env: Readonly<Record<string, string>> } {
  mkdirSync(state, { recursive: true, mode: 0o700 });
  if (process.getuid?.() !== 0)
    return { argv, env: { FIREBREAK_STATE: state, ...(lock && { FIREBREAK_LOCK: state }) } };
  return { argv: ['unshare', '--mount', ...(lock ? ['--net'] : []), 'sh', '-c', MOUNTED, state, ...argv], env: {} };
}

const MOUNTED = 'mkdir -p -m 700 /var/lib/firebreak && mount --bind "$0" /var/lib/firebreak && exec "$@"';
