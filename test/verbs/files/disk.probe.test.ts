import assert from 'node:assert/strict';
import { test } from 'node:test';
import disk from '../../../src/verbs/files/disk.probe.ts';
import { actOn } from '../../support/act.ts';
import { emptyWorld } from '../../support/hosts/fake-world.ts';
import { SPOOL, usage } from '../../support/hosts/files-world.ts';

const look = async (free: number, total: number) =>
  await disk.look(actOn(emptyWorld({ usage: usage(free, total) })), { path: SPOOL });

test('a full inode table beside free space is said in one line, and both are measured', async () => {
  assert.deepEqual(await look(0, 4000), {
    summary: 'no inode free (0 of 4 000), 84 % of the space free: df shows the space, df -i the truth',
    measures: {
      inodes_free: { value: 0, of: 4000 },
      inodes_used: { value: 4000, of: 4000 },
      space_free: { value: 840, of: 1000 },
      space_used: { value: 160, of: 1000 },
    },
    detail: { ...usage(0, 4000) },
    blocks: [
      {
        kind: 'table',
        title: '/var (ext4 on /dev/vdb)',
        columns: ['', 'total', 'free', 'free %'],
        rows: [
          ['space', '1000 B', '840 B', '84 %'],
          ['inodes', '4 000', '0', '0 %'],
        ],
      },
    ],
  });
});

test('a file system without an inode table has all of them free', async () => {
  const { summary, measures } = await look(0, 0);
  assert.equal(summary, 'inodes without a limit, 84 % of the space free');
  assert.deepEqual(measures.inodes_free, { value: 1, of: 1 });
});

test('a percentage never says that nothing is left while something is', async () => {
  assert.match((await look(3, 4000)).summary, /^3 of 4 000 inodes free \(below 1 %\)/);
  assert.match((await look(3999, 4000)).summary, /^3 999 of 4 000 inodes free \(99 %\), 84 % of the space free$/);
});

test('a file system that cannot be looked at is unknown, not empty and not full', async () => {
  const act = actOn(emptyWorld());
  const host = {
    ...act.host,
    files: {
      ...act.host.files,
      usage: async () => ({ ok: false as const, code: 'may-hang', message: '/x is on nfs' }),
    },
  };
  const finding = await disk.look({ ...act, host }, { path: '/x' });
  assert.equal(finding.unknown, '/x is on nfs');
  assert.deepEqual(new Set(Object.values(finding.measures)), new Set([null]));
});

test('a person would type df twice', () => {
  assert.deepEqual(disk.explain({ path: "/it's" }), ["df -h '/it'\\''s'", "df -i '/it'\\''s'"]);
});
