import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Prediction } from '../../src/model/verb.ts';
import { withoutLateGains } from '../../src/plan/at-turn.ts';

test('an act that is decided at its turn frees nothing for later steps, but its change of a service or a file is foreseen', () => {
  const stays: readonly Prediction[] = [
    { kind: 'service', name: 'cron', state: 'stopped' },
    { kind: 'file', path: '/etc/crontab', bytes: '' },
  ];
  const frees: readonly Prediction[] = [
    { kind: 'processes-gone', pids: [7] },
    { kind: 'files-gone', in: '/var/spool', count: 3, bytes: 3 },
  ];
  assert.deepEqual(withoutLateGains([...stays, ...frees]), stays);
});
