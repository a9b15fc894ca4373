import { existsSync } from 'node:fs';

/** The shells that /bin/sh is on real hosts, where they are installed here. */
export const FAR_SHELLS: readonly { readonly name: string; readonly shell: readonly string[] }[] = [
  { name: 'dash', shell: ['/bin/dash'] },
  // With a socket for stdin bash takes itself for rshd's, and reads its .bashrc: sh -> bash does not.
  { name: 'bash', shell: ['/bin/bash', '--posix', '--norc'] },
  { name: 'busybox', shell: ['/bin/busybox', 'sh'] },
].filter(({ shell: [path = ''] }) => existsSync(path));
