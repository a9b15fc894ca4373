import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Machine } from '../../src/model/host.ts';
import { isZone } from '../../src/model/policy/window.ts';

export function machineContract(adapter: string, make: () => Machine): void {
  describe(`machine of ${adapter}`, () => {
    it('knows its boot, its clocks and who asks', async () => {
      const facts = await make().facts();
      assert.ok(facts.hostname.length > 0 && facts.bootId.length > 0 && facts.user.length > 0);
      assert.ok(facts.bootTime > 0 && facts.uptime > 0);
      assert.ok(['systemd', 'sysv', 'openrc'].includes(facts.manager), facts.manager);
      assert.ok(facts.zone === undefined || facts.zone === null || isZone(facts.zone), String(facts.zone));
      assert.equal(JSON.stringify(JSON.parse(JSON.stringify(facts))), JSON.stringify(facts));
    });

    it('names the users by id', async () => {
      assert.equal((await make().users())['0'], 'root');
    });

    it('has a clock that does not go backwards', async () => {
      const machine = make();
      const first = (await machine.facts()).uptime;
      assert.ok((await machine.facts()).uptime >= first);
    });
  });
}
