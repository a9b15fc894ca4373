import { after } from 'node:test';
import { filesContract } from '../../contracts/files.ts';
import { busyboxTools, remoteUnderTest, toolsFirst } from '../../support/remote-files.ts';
import { shellRemote } from '../../support/shell-remote.ts';

filesContract('a host over a shell', (test) => remoteUnderTest(test, shellRemote()));

const busybox = busyboxTools(after);
if (busybox !== null) filesContract("a host over a shell, with busybox's tools", (test) => remoteUnderTest(test, toolsFirst(busybox)));
