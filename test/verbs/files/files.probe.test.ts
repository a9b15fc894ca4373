import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import files from '../../../src/verbs/files/files.probe.ts';
import { actOn, fakeClock } from '../../support/act.ts';
import { put, SPOOL, spoolWorld } from '../../support/hosts/files-world.ts';

const MAIL = { in: SPOOL, type: 'file', name: { matches: '^[0-9A-Za-z_.]+$' } };

describe('files', () => {
  it('are counted with bytes, ages and owners; what is not selected is told; the directory is pinned', async () => {
    const world = spoolWorld(3, {
      letter: { uid: 33, bytes: btoa('dear'), modified: 0 },
      'odd name': {},
      folder: { type: 'directory' },
    });
    const { blocks, detail, ...finding } = await files.look(actOn(world), MAIL);
    assert.deepEqual(finding, {
      summary: `4 files, 97 B; the oldest ${Math.floor(world.now / 86_400_000)} d 3 h old, the newest 1 min`,
      measures: {
        count: 4,
        bytes: 97,
        oldest: world.now,
        newest: 60_000,
        owners: 2,
        growth: null,
        per_minute: null,
        sample_matching: null,
      },
    });
    assert.deepEqual(blocks.slice(0, 2), [
      {
        kind: 'table',
        first: 5,
        title: 'by owner (2)',
        columns: ['owner', 'files'],
        rows: [
          ['root', '3'],
          ['www-data', '1'],
        ],
      },
      { kind: 'text', lines: ['also there, not selected: 1 file, 1 directory'] },
    ]);
    const inode = world.files.get(SPOOL)?.inode;
    assert.deepEqual(detail, {
      handle: {
        selector: { in: SPOOL, type: ['file'], name: '^[0-9A-Za-z_.]+$' },
        device: 1,
        inode,
        at: world.now,
        count: 4,
      },
      count: 4,
      bytes: 97,
      oldest: 0,
      newest: world.now - 60_000,
    });
  });

  it('are none in an empty directory, which is no error', async () => {
    const finding = await files.look(actOn(spoolWorld(0)), MAIL);
    assert.deepEqual(
      [finding.summary, finding.measures.count, finding.measures.oldest, finding.unknown],
      ['no such file', 0, null, undefined],
    );
  });

  it('are unknown where the directory cannot be looked at', async () => {
    const finding = await files.look(actOn(spoolWorld(0)), { in: '/nowhere' });
    assert.deepEqual([finding.unknown, finding.measures.count], ['/nowhere: there is no such file or folder', null]);
  });

  it('are chosen by whole names or by a pattern', async () => {
    const world = spoolWorld(3, { 'a.b': {}, axb: {}, é: {} });
    const count = async (name: object | string | readonly string[]) =>
      (await files.look(actOn(world), { in: SPOOL, name } as never)).measures.count;
    assert.deepEqual([await count('a.b'), await count(['A0', 'A1', 'A']), await count({ matches: '[AB]' })], [1, 2, 3]);
  });

  it('are looked at twice with `over`, and the growth is measured', async () => {
    const world = spoolWorld(3);
    const clock = fakeClock(world, () => {
      for (const name of ['n1', 'n2']) put(world, `${SPOOL}/${name}`);
    });
    const finding = await files.look(actOn(world, { clock }), { ...MAIL, over: '30s' });
    assert.deepEqual([finding.measures.count, finding.measures.growth, finding.measures.per_minute], [5, 2, 4]);
    assert.match(finding.summary, /; \+2 in 30 s$/);
  });

  it('say how many of a sample hold a text', async () => {
    const world = spoolWorld(3, { letter: { bytes: btoa('N.Subject: holidays\n') }, F: { type: 'fifo' } });
    const finding = await files.look(actOn(world), { in: SPOOL, sample_matches: 'Subject: Cron <' });
    assert.deepEqual(finding.measures.sample_matching, { value: 3, of: 4 });
    assert.match(finding.summary, /; 3 of 4 sampled hold the text$/);
  });

  it('could be counted by hand with what explain says', () => {
    assert.deepEqual(files.explain({ ...MAIL, user: 'root', older_than: '10m' }), [
      `find ${SPOOL} -maxdepth 1 -regextype posix-extended -type f -regex '.*/[0-9A-Za-z_.]+' -mmin +10 -user root | wc -l`,
      `du -sh -- ${SPOOL}`,
    ]);
  });
});
