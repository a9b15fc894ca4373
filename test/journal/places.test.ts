import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placesFor } from '../../src/journal/places.ts';
import { newRunId } from '../../src/journal/run-id.ts';

const paths = (env: Record<string, string>, uid: number): readonly string[] =>
  placesFor({ env, uid, home: '/home/ada' }).map(({ path, home }) => (home ? `home ${path}` : path));

test('root’s journals live in /var/lib, and in /run or shared memory while it is full', () => {
  assert.deepEqual(paths({ XDG_STATE_HOME: '/elsewhere' }, 0), [
    'home /var/lib/firebreak',
    '/var/lib/firebreak/ready',
    '/run/firebreak',
    '/dev/shm/firebreak-0',
  ]);
});

test('anybody else’s live where XDG says, or below the home folder', () => {
  assert.deepEqual(paths({}, 1000), [
    'home /home/ada/.local/state/firebreak',
    '/home/ada/.local/state/firebreak/ready',
    '/dev/shm/firebreak-1000',
  ]);
  assert.deepEqual(paths({ XDG_STATE_HOME: '/srv/state' }, 1000), [
    'home /srv/state/firebreak',
    '/srv/state/firebreak/ready',
    '/dev/shm/firebreak-1000',
  ]);
});

test('a relative XDG_STATE_HOME is ignored, as the specification wants', () => {
  assert.deepEqual(paths({ XDG_STATE_HOME: 'state' }, 1000), [
    'home /home/ada/.local/state/firebreak',
    '/home/ada/.local/state/firebreak/ready',
    '/dev/shm/firebreak-1000',
  ]);
});

test('FIREBREAK_STATE names the only place; empty means unset', () => {
  assert.deepEqual(paths({ FIREBREAK_STATE: '/tmp/drill' }, 0), ['home /tmp/drill', '/tmp/drill/ready']);
  assert.deepEqual(paths({ FIREBREAK_STATE: '' }, 1000), [
    'home /home/ada/.local/state/firebreak',
    '/home/ada/.local/state/firebreak/ready',
    '/dev/shm/firebreak-1000',
  ]);
});

const now = Date.UTC(2026, 10, 23, 16, 55, 4, 999);

test('a run’s id sorts by time, names the runbook and ends in four characters', () => {
  assert.equal(
    newRunId({ now, runbook: 'cron-mail-storm', random: () => 0x3f2a / 0x10000 }),
    '20261123-165504-cron-mail-storm-3f2a',
  );
  assert.equal(newRunId({ now, runbook: 'x', random: () => 0 }), '20261123-165504-x-0000');
  assert.equal(newRunId({ now, runbook: 'x', random: () => 0.9999999 }), '20261123-165504-x-ffff');
});

test('a run’s id is safe as a folder’s name whatever the runbook is called', () => {
  assert.equal(newRunId({ now, runbook: '../../Étc/passwd\n', random: () => 0 }), '20261123-165504-tc-passwd-0000');
  assert.equal(newRunId({ now, runbook: '..', random: () => 0 }), '20261123-165504-0000');
  assert.equal(newRunId({ now, runbook: 'a'.repeat(300), random: () => 0 }).length, 16 + 60 + 5);
});
