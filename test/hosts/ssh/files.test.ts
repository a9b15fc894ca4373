import { after } from 'node:test';
import { filesContract } from '../../contracts/files.ts';
import { freedContract } from '../../contracts/freed.ts';
import { holdsContract } from '../../contracts/holds.ts';
import { FAR_SHELLS } from '../../support/hosts/far-shells.ts';
import { busyboxTools, remoteUnderTest, toolsFirst } from '../../support/hosts/remote-files.ts';
import { shellRemote } from '../../support/hosts/shell-remote.ts';

filesContract('a host over a shell', (test) => remoteUnderTest(test, shellRemote()));
for (const { name, shell } of FAR_SHELLS)
  holdsContract(`a host over ${name}`, (test) => remoteUnderTest(test, shellRemote({ shell })));

freedContract('a host over a shell', { make: (test) => remoteUnderTest(test, shellRemote()), held: true });

const busybox = busyboxTools(after);
if (busybox !== null) {
  filesContract("a host over a shell, with busybox's tools", (test) => remoteUnderTest(test, toolsFirst(busybox)));
  holdsContract("a host over a shell, with busybox's tools", (test) => remoteUnderTest(test, toolsFirst(busybox)));
}
