import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import probe from '../../../src/verbs/services/service.probe.ts';
import { actOn } from '../../support/act.ts';
import { service, THREE_AM, worldWith } from '../../support/hosts/fake-world.ts';

const HOUR = 3_600_000;

describe('the service probe', () => {
  it('tells state, enabled and since when', async () => {
    const down = service('postfix', 'stopped', { enabled: false, since: THREE_AM - 3 * HOUR });
    assert.deepEqual(await probe.look(actOn(worldWith(down)), { name: 'postfix' }), {
      summary: 'postfix is stopped and disabled, for 3 h',
      measures: {
        state: 'stopped',
        enabled: false,
        exists: true,
        since: THREE_AM - 3 * HOUR,
        masked: false,
        removed: false,
        running_for: null,
      },
      detail: { ...down },
      blocks: [],
    });
  });

  it('tells how long a service has been running', async () => {
    const { summary, measures } = await probe.look(actOn(worldWith(service('cron', 'running'))), { name: 'cron' });
    assert.deepEqual([summary, measures.running_for], ['cron is running and enabled, pid 412, for 1 min', 60_000]);
  });

  it('takes the first of several names that exists', async () => {
    const { summary } = await probe.look(actOn(worldWith(service('cron', 'running'))), {
      first_of: ['crond', 'cron', 'anacron'],
    });
    assert.match(summary, /^cron is running/);
  });

  it('says that a service is absent, which is known and not unknown', async () => {
    const finding = await probe.look(actOn(worldWith()), { first_of: ['crond', 'cron'] });
    assert.deepEqual(
      [finding.summary, finding.unknown, finding.measures.exists, finding.measures.state],
      ['there is no service crond or cron here', undefined, false, 'absent'],
    );
  });

  it('is unknown, never stopped, where the state cannot be told', async () => {
    const finding = await probe.look(
      actOn(worldWith(service('cron', 'unknown', { reason: 'no process slot is left' }))),
      { name: 'cron' },
    );
    assert.deepEqual([finding.unknown, finding.measures.state], ['no process slot is left', null]);
  });

  it('does not guess whether it is enabled', async () => {
    const finding = await probe.look(actOn(worldWith(service('cron', 'running', { enabled: null }))), { name: 'cron' });
    assert.deepEqual([finding.measures.enabled, finding.summary], [null, 'cron is running, pid 412, for 1 min']);
  });

  it('names what a person could type', () => {
    assert.deepEqual(probe.explain({ first_of: ['crond', '/opt/my cron'] }), [
      'service crond status',
      "'/opt/my cron' status",
    ]);
  });
});
