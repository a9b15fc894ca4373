import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fakeHost } from '../../src/hosts/fake.ts';
import { readOnly } from '../../src/hosts/read-only.ts';
import { emptyWorld, service } from '../support/hosts/fake-world.ts';

it('on a read-only host everything can be looked at and nothing changed', async () => {
  const world = emptyWorld({
    services: new Map([['cron', service('cron', 'running')]]),
    commands: () => ({ exit: 0 }),
  });
  const host = readOnly(fakeHost(world));
  const signal = new AbortController().signal;
  const handle = { selector: { in: '/spool' }, device: 1, inode: 2, at: 0, count: 1 };
  const refused = await Promise.all([
    host.services.start('cron', { timeout: 1 }),
    host.services.stop('cron', { timeout: 1 }),
    host.services.arm({ id: 'x', service: 'cron', within: 1 }),
    host.services.release({ kind: 'fake', id: 'x' }),
    host.files.delete(handle, { batch: 1, limit: 1, signal, progress: () => {} }),
    host.files.replace('/etc/crontab', { before: '', bytes: '' }),
    host.commands.run({ argv: ['rm'], effect: 'write', timeout: 1 }, signal),
  ]);
  assert.deepEqual(
    refused.map((result) => (result.ok ? 'changed' : result.code)),
    Array(7).fill('read-only'),
  );
  const [signalled] = await host.processes.signal([{ pid: 412, start: 1, exe: null }], 'KILL');
  assert.equal(signalled?.outcome, 'refused');
  assert.equal((await host.commands.run({ argv: ['ls'], effect: 'read', timeout: 1 }, signal)).ok, true);
  assert.equal((await host.services.state('cron')).state, 'running');
  assert.deepEqual(world.log, []);
});
