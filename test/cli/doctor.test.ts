import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { main } from '../../src/cli.ts';
import { fakeHost } from '../../src/hosts/fake.ts';
import { readOnly } from '../../src/hosts/read-only.ts';
import { takeLock } from '../../src/journal/lock.ts';
import { type Check, type DoctorParts, examine } from '../../src/operations/doctor.ts';
import { paperOf } from '../../src/views/draw/style.ts';
import { emptyWorld } from '../support/hosts/fake-world.ts';
import { testIo } from '../support/test-io.ts';
import { doctorText } from '../support/views/drawn.ts';

const work = mkdtempSync(join(tmpdir(), 'firebreak-doctor-'));
after(() => rmSync(work, { recursive: true }));
const uid = statSync(work).uid;

async function doctor(state: string, env: Record<string, string>, ...argv: readonly string[]) {
  const { io, out } = testIo({
    env: { FIREBREAK_STATE: state, FIREBREAK_LOCK: `doctor-${process.pid}`, ...env },
    uid,
    home: '/',
  });
  const code = await main(['doctor', ...argv], io);
  return { code, out: out() };
}

async function checksOf(
  state: string,
  env: Record<string, string> = {},
): Promise<{ code: number; able: boolean; checks: Map<string, Check> }> {
  const { code, out } = await doctor(state, env, '--json');
  const { able, checks } = JSON.parse(out) as { able: boolean; checks: Check[] };
  return { code, able, checks: new Map(checks.map((check) => [check.name, check])) };
}

test('on a machine that can act doctor exits 0, and leaves nothing behind', async () => {
  const state = join(work, 'new');
  const { code, able, checks } = await checksOf(state);
  assert.deepEqual([code, able, checks.get('journal')?.state], [0, true, 'well']);
  assert.throws(() => statSync(state), /ENOENT/);
});

test('without a place for the journal no run could act: exit 69', async () => {
  const state = join(work, 'a-file');
  writeFileSync(state, '');
  const { code, able, checks } = await checksOf(state);
  assert.deepEqual([code, able], [69, false]);
  assert.deepEqual(checks.get('journal'), {
    name: 'journal',
    state: 'stuck',
    seen: `${state}: ${state} is not a folder; ${state}/ready: ENOTDIR: not a directory, lstat '${state}/ready'`,
    instead: 'nothing is touched without a journal, exit 73: make room in one of them',
  });
});

test('while a run holds the host another could not act: exit 69, and who it is', async () => {
  const held = { run: 'cron-mail-storm', who: 'ada', pid: 7, since: '2026-11-23T03:00:00Z' };
  const taken = await takeLock({ uid, name: `doctor-${process.pid}` }, held);
  assert.ok(taken.ok);
  const { code, checks } = await checksOf(join(work, 'locked'));
  taken.lock.release();
  assert.deepEqual([code, checks.get('lock')?.seen], [69, 'cron-mail-storm, pid 7, by ada since 2026-11-23T03:00:00Z']);
});

test('the process slots are those that the launcher counted', async () => {
  const state = join(work, 'slots');
  mkdirSync(state, { mode: 0o700 });
  const seen = async (counted: string) => {
    const check = (await checksOf(state, counted === '' ? {} : { FIREBREAK_COUNTED: counted })).checks.get(
      'process slots',
    );
    return [check?.state, check?.seen];
  };
  assert.deepEqual(await seen('1000000 '), ['well', 'no limit is near']);
  assert.deepEqual(await seen('13 /pids.max'), ['well', '13 slots free when this began, by /pids.max']);
  assert.deepEqual(await seen('12 /pids.max'), ['limited', '12 slots free when this began, by /pids.max']);
  assert.deepEqual(await seen(''), ['limited', 'not counted']);
});

function partsOf(over: Partial<DoctorParts> = {}): DoctorParts {
  return {
    host: readOnly(fakeHost(emptyWorld())),
    home: '/root',
    rooms: [
      { path: '/var/lib/firebreak', takes: 'nothing', why: 'no inode is free' },
      { path: '/var/lib/firebreak/ready', takes: 'nothing', why: 'not prepared' },
      { path: '/run/firebreak', takes: 'a run', why: 'has room' },
    ],
    prepared: null,
    holder: null,
    slots: { free: 4, limit: '/sys/fs/cgroup/pids.max' },
    terminal: true,
    ...over,
  };
}

test('the table says what is done instead where something is missing', async () => {
  const checks = await examine(partsOf());
  const shown = checks.filter(({ name }) =>
    ['journal', 'prepared', 'lock', 'disk /var', 'process slots', 'user'].includes(name),
  );
  assert.equal(
    doctorText(shown, paperOf({ columns: 80 })),
    `! journal        /var/lib/firebreak: no inode is free; /run/firebreak: has room
                 → it is written in /run/firebreak, and moves home once there is
                   room
! prepared       no
                 → with every disk full a run cannot begin: firebreak prepare,
                   while the host is well
✔ lock           free
✔ disk /var      476.8 MiB of 953.7 MiB free, 500 of 1 000 inodes
! process slots  4 slots free when this began, by /sys/fs/cgroup/pids.max
                 → a service is stopped by signalling its main process; what
                   starts a program comes after processes have been ended
✔ user           root

A run could act now.
`,
  );
});

test('no inode, few inodes, and a machine that is only hardly able are told apart', async () => {
  const world = (free: number) => {
    const empty = emptyWorld();
    return emptyWorld({ usage: { ...empty.usage, inodes: { total: 1000, free } } });
  };
  const states = await Promise.all(
    [0, 10, 500].map(async (free) => {
      const checks = await examine(partsOf({ host: readOnly(fakeHost(world(free))) }));
      const disk = checks.find(({ name }) => name === 'disk /');
      return [disk?.state, disk?.instead];
    }),
  );
  assert.deepEqual(states, [
    ['limited', 'files are deleted and written over in place; what needs a new file comes after that'],
    ['limited', 'it works as usual while there is any'],
    ['well', null],
  ]);
});
