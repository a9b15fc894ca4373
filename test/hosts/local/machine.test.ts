import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fakeMachine } from '../../../src/hosts/fake/machine.ts';
import { parsePasswd } from '../../../src/hosts/linux/passwd.ts';
import { localMachine } from '../../../src/hosts/local/machine.ts';
import { machineContract } from '../../contracts/machine.ts';
import { emptyWorld } from '../../support/hosts/fake-world.ts';

machineContract('this machine', localMachine);
machineContract('a fake host', () => fakeMachine(emptyWorld()));

it('this machine says when it was booted, within the accuracy of btime', async () => {
  const { bootTime, uptime } = await localMachine().facts();
  assert.ok(Math.abs(Date.now() - uptime - bootTime) < 5000);
});

it('the first name of an id wins, and what is not a user is passed over', () => {
  const text =
    'root:x:0:0:root:/root:/bin/bash\ntoor:x:0:0::/root:/bin/sh\n+::::::\n\nmail:x:8:8::/var/mail:/usr/sbin/nologin\n';
  assert.deepEqual(parsePasswd(text), { 0: 'root', 8: 'mail' });
});
