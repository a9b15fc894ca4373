import { mkdirSync } from 'node:fs';

/**
 * How a command line of the real program is started with journals in `state` and, with `lock`, a lock of its own.
 * Root's places are fixed, so for root the folder is mounted over the fixed one, in a mount namespace of its own. Root's
 * lock is that of the pid namespace. `process`: to this one process /proc tells another number of it; its pid stays that
 * of the child, and all other processes are seen. `script`: it has one of its own, for all that it starts. An ordinary
 * user may name both places.
 */
export function inOwnPlaces(
  state: string,
  argv: readonly string[],
  { lock }: { readonly lock?: 'process' | 'script' } = {},
): { readonly argv: readonly string[]; readonly env: Readonly<Record<string, string>> } {
  mkdirSync(state, { recursive: true, mode: 0o700 });
  if (process.getuid?.() !== 0)
    return { argv, env: { FIREBREAK_STATE: state, ...(lock !== undefined && { FIREBREAK_LOCK: state }) } };
  const mounts = `${lock === 'process' ? `${OWN_LOCK} && ` : ''}${OWN_STATE} && exec "$@"`;
  return {
    argv: ['unshare', '--mount', ...(lock === 'script' ? OWN_PIDS : []), 'sh', '-c', mounts, state, ...argv],
    env: {},
  };
}

const OWN_PIDS = ['--pid', '--fork', '--kill-child', '--mount-proc'];
const OWN_STATE = 'mkdir -p -m 700 /var/lib/firebreak && mount --bind "$0" /var/lib/firebreak';
const OWN_LOCK =
  'spaces=$0.namespaces-$$ && mkdir "$spaces" && ln -s "$(readlink /proc/$$/ns/net)" "$spaces/net" && ln -s "pid:[$((4000000 + $$))]" "$spaces/pid" && mount --bind "$spaces" /proc/$$/ns';
