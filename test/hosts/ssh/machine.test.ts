import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import fc from 'fast-check';
import { localMachine } from '../../../src/hosts/local/machine.ts';
import { parseLook, sshMachine } from '../../../src/hosts/ssh/machine.ts';
import { machineContract } from '../../contracts/machine.ts';
import { FAR_SHELLS } from '../../support/hosts/far-shells.ts';
import { shellRemote } from '../../support/hosts/shell-remote.ts';

for (const { name, shell } of FAR_SHELLS) {
  const remote = shellRemote({ shell });
  after(() => remote.close());
  const machine = sshMachine(remote);
  machineContract(`a far ${name}`, () => machine);

  it(`a far ${name} tells the same of a machine as the machine itself`, async () => {
    const [{ uptime, zone, ...there }, { uptime: upHere, ...here }] = [
      await machine.facts(),
      await localMachine().facts(),
    ];
    assert.deepEqual(there, here);
    assert.ok(upHere >= uptime - 10 && typeof (zone ?? '') === 'string');
    assert.deepEqual(await machine.users(), await localMachine().users());
  });
}

it('facts that stay the same until the next boot are asked for once', async () => {
  const remote = shellRemote({ shell: ['/bin/sh'] });
  let boot = '';
  const asked: number[] = [];
  const machine = sshMachine({
    ...remote,
    ask: async (script, options) => {
      const answer = await remote.ask(script, options);
      asked.push(script.includes('/etc/passwd') ? 2 : 1);
      return answer.ok && boot !== ''
        ? { ...answer, stdout: Buffer.from(answer.stdout.toString().replace(/^[0-9a-f-]{36}$/m, boot)) }
        : answer;
    },
  });
  const [first, second] = [await machine.facts(), await machine.facts()];
  assert.deepEqual({ ...second, uptime: 0 }, { ...first, uptime: 0 });
  boot = '00000000-0000-4000-8000-000000000000';
  assert.equal((await machine.facts()).bootId, boot);
  await machine.facts();
  assert.deepEqual(asked, [2, 1, 1, 2, 1]);
  await remote.close();
});

it('facts that a hostile host invents have the right form, or are dropped', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.array(fc.string()), (noise, lines) => {
      const { facts } = parseLook([noise, ...lines].join('\n'), 'host1');
      assert.ok(facts.hostname.length > 0 && facts.hostname.length <= 255);
      assert.match(facts.bootId, /^([0-9a-f-]{36})?$/);
      assert.ok([facts.bootTime, facts.uptime, facts.uid].every(Number.isSafeInteger));
      assert.ok(['systemd', 'openrc', 'sysv'].includes(facts.manager));
    }),
  );
});

it('a host that does not answer has no facts', async () => {
  const remote = shellRemote({ login: ['/bin/false'], retryFor: 0 });
  assert.deepEqual(await sshMachine(remote).facts(), {
    hostname: 'shell',
    bootId: '',
    bootTime: 0,
    uptime: 0,
    uid: -1,
    user: '',
    manager: 'sysv',
  });
  assert.deepEqual(await sshMachine(remote).users(), {});
});
