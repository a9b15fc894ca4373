import { after } from 'node:test';
import { hostileDirectoryContract } from '../../contracts/hostile-directory.ts';
import { busyboxTools, closing, filesOver, toolsFirst } from '../../support/hosts/remote-files.ts';
import { shellRemote } from '../../support/hosts/shell-remote.ts';

hostileDirectoryContract('a host over a shell', (test) => filesOver(closing(test, shellRemote())), { runs: 10 });

const busybox = busyboxTools(after);
// busybox's stat tells whole seconds.
if (busybox !== null)
  hostileDirectoryContract(
    "a host over a shell, with busybox's tools",
    (test) => filesOver(closing(test, toolsFirst(busybox))),
    {
      tick: 2100,
      runs: 10,
    },
  );
