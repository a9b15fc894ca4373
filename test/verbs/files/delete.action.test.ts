import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FakeWorld } from '../../../src/hosts/fake/world.ts';
import { readOnly } from '../../../src/hosts/read-only.ts';
import type { DeleteResult, Files } from '../../../src/model/host.ts';
import type { Json } from '../../../src/model/json.ts';
import type { Act, Progress } from '../../../src/model/verb.ts';
import remove from '../../../src/verbs/files/delete.action.ts';
import files from '../../../src/verbs/files/files.probe.ts';
import { actOn } from '../../support/act.ts';
import { put, SPOOL, spoolWorld } from '../../support/hosts/files-world.ts';

const SELECTOR = { in: SPOOL, type: 'file', name: { matches: '^[0-9A-Za-z_.]+$' } };

async function found(world: FakeWorld): Promise<Json> {
  const { detail } = await files.look(actOn(world), SELECTOR);
  return { targets: { $step: 'mail', verb: 'files', selector: SELECTOR, found: detail }, batch: 10 };
}

async function run(world: FakeWorld, over: Partial<Act> = {}, arg?: Json) {
  const given = arg ?? (await found(world));
  const act = actOn(world, over);
  const observation = await remove.observe(act, given);
  return { observation, applied: await remove.apply(act, given, observation) };
}

/** A files port that ends a delete in its own way. */
function ending(world: FakeWorld, result: DeleteResult): Partial<Act> {
  const { host } = actOn(world);
  const own: Files = { ...host.files, delete: async () => result };
  return { host: { ...host, files: own } };
}
const deleted = { ok: true, deleted: 7, bytes: 70, arrived: 0, skipped: [], left: 0, ended: 'clean' } as const;

describe('delete, as planned', () => {
  it('says how many, whose, that it cannot be undone and what a person could type', async () => {
    const world = spoolWorld(3, { folder: { type: 'directory' } });
    const { blocks, undo, targets, ...seen } = await remove.observe(actOn(world), await found(world));
    assert.deepEqual(seen, {
      verdict: 'change',
      summary: `delete 3 files (93 B) in ${SPOOL}`,
      state: { now: '3 files', after: 'none' },
      predicts: [{ kind: 'files-gone', in: SPOOL, count: 3, bytes: 93 }],
      costs: { delete: 3 },
      keep: {},
      explain: [`find ${SPOOL} -maxdepth 1 -regextype posix-extended -type f -regex '.*/[0-9A-Za-z_.]+' -delete`],
      estimate: 101,
      warnings: ['also in the directory, left alone: 1 directory'],
    });
    const inode = world.files.get(SPOOL)?.inode;
    const selector = { in: SPOOL, type: ['file'], name: '^[0-9A-Za-z_.]+$' };
    assert.deepEqual(targets, {
      kind: 'files',
      count: 3,
      bytes: 93,
      members: ['A0', 'A1', 'A2'],
      detail: { handle: { selector, device: 1, inode, at: world.now, count: 3 } },
    });
    assert.deepEqual(undo, {
      kind: 'irreversible',
      because: 'a deleted file cannot be brought back',
      evidence: `3 files, 93 B, 1 min to 3 min old; 3 of root; directory 1:${inode}; for example "A0", "A1", "A2"`,
    });
    assert.deepEqual(
      blocks.map((block) => (block.kind === 'table' ? [block.title, block.first] : block)),
      [{ kind: 'text', lines: ['all of root'] }, ['a sample of 3 files', 5]],
    );
  });

  it('changes nothing: the plan works on a read-only host', async () => {
    const world = spoolWorld(3);
    const act = actOn(world);
    await remove.observe({ ...act, host: readOnly(act.host) }, await found(world));
    assert.deepEqual([world.log, world.files.size], [[], 4]);
  });

  it('has nothing to do in an empty spool', async () => {
    const world = spoolWorld(0);
    assert.equal((await remove.observe(actOn(world), await found(world))).verdict, 'nothing');
  });

  it('looks afresh, and says how many came since the step looked', async () => {
    const world = spoolWorld(3);
    const arg = await found(world);
    put(world, `${SPOOL}/LATE`);
    const { targets, warnings } = await remove.observe(actOn(world), arg);
    assert.deepEqual([targets.count, warnings], [4, ['1 file more than when the step looked']]);
  });

  it('refuses another directory in the place of the one that the step saw', async () => {
    const world = spoolWorld(3);
    const arg = await found(world);
    put(world, SPOOL, { type: 'directory' });
    const { verdict, reason } = await remove.observe(actOn(world), arg);
    assert.equal(verdict, 'cannot');
    assert.match(String(reason), /^the directory was swapped/);
  });

  it('refuses vital folders, directories, and paths that it cannot look at', async () => {
    const world = spoolWorld(1);
    for (const folder of ['/', '/etc', '/etc/', '/usr/lib/x', '/boot', '/proc/1', '/bin', '/dev', '/lib64']) {
      const { verdict, reason } = await remove.observe(actOn(world), { files: { in: folder } });
      assert.deepEqual([verdict, /system itself/.test(String(reason))], ['cannot', true], folder);
    }
    assert.equal((await remove.observe(actOn(world), { files: { in: SPOOL, type: 'directory' } })).verdict, 'cannot');
    assert.match(
      String((await remove.observe(actOn(world), { files: { in: '/nowhere' } })).reason),
      /^could not look: /,
    );
  });

  it('takes regular files only where no type is given', async () => {
    const world = spoolWorld(1, { L: { type: 'symlink' } });
    const { targets, explain } = await remove.observe(actOn(world), { files: { in: SPOOL } });
    assert.deepEqual([targets.members, explain], [['A0'], [`find ${SPOOL} -maxdepth 1 -type f -delete`]]);
  });
});

describe('delete, as done', () => {
  it('deletes in batches, tells of its progress, and uses up the limit by what it deleted', async () => {
    const world = spoolWorld(25, { 'not this': {}, folder: { type: 'directory' } });
    const told: Progress[] = [];
    const { applied } = await run(world, { progress: (each) => void told.push(each) });
    assert.deepEqual([applied.outcome, applied.used, world.log], ['done', { delete: 25 }, [`delete ${SPOOL} 25`]]);
    assert.deepEqual(
      told.map((each) => each.done),
      [10, 20, 25],
    );
    assert.deepEqual([...world.files.keys()], [SPOOL, `${SPOOL}/not this`, `${SPOOL}/folder`]);
    assert.deepEqual(applied.blocks, [
      { kind: 'table', title: 'left alone', columns: ['name', 'why'], rows: [['folder', 'a directory']] },
    ]);
  });

  it('reserves what it takes in at most 200 lines, also where the limit is just what is there', async () => {
    const world = spoolWorld(1000);
    const reserved: number[] = [];
    const { applied } = await run(world, {
      allowance: () => 1000,
      reserve: async (_, count) => void reserved.push(count),
    });
    assert.deepEqual([applied.outcome, reserved.length, reserved.at(-1)], ['done', 200, 1000]);
  });

  it('is partial where the limit is used up, and says how many are left', async () => {
    const world = spoolWorld(25);
    const { applied } = await run(world, { allowance: () => 10 });
    assert.deepEqual(
      [applied.outcome, applied.reason, applied.used],
      ['partial', 'the limit of files to delete is used up: 15 files are left', { delete: 10 }],
    );
  });

  it('is partial where it was interrupted at the end of a batch', async () => {
    const world = spoolWorld(25);
    const stop = new AbortController();
    const { applied } = await run(world, { signal: stop.signal, progress: () => stop.abort() });
    assert.deepEqual([applied.outcome, applied.used], ['partial', { delete: 10 }]);
    assert.match(String(applied.reason), /^interrupted .* 15 files are left$/);
  });

  it('fails where files arrive faster than they go: the source still runs', async () => {
    const world = spoolWorld(3);
    const { applied } = await run(world, ending(world, { ...deleted, arrived: 1200, left: 9, ended: 'refilling' }));
    assert.deepEqual([applied.outcome, applied.used, applied.undo?.kind], ['failed', { delete: 7 }, 'irreversible']);
    assert.match(
      String(applied.reason),
      /^files arrive faster than they go: 1 200 new in .*; the source still runs \(9 files are left\)$/,
    );
  });

  it('names what could not be deleted, and is not done then', async () => {
    const world = spoolWorld(3);
    const skipped = [{ name: '\xff\x1b', reason: 'not permitted' }];
    const { applied } = await run(world, ending(world, { ...deleted, left: 1, skipped }));
    assert.deepEqual(
      [applied.outcome, applied.reason],
      ['partial', '1 file is left that could not be deleted: "�\\u001b": not permitted'],
    );
    assert.deepEqual(applied.blocks, [
      { kind: 'table', title: 'left alone', columns: ['name', 'why'], rows: [['\ufffd\x1b', 'not permitted']] },
    ]);
    const none = await run(world, ending(world, { ...deleted, deleted: 0, bytes: 0, left: 1, skipped }));
    assert.deepEqual([none.applied.outcome, none.applied.undo], ['failed', { kind: 'nothing' }]);
  });

  it('touches nothing where the directory was swapped between the plan and the act', async () => {
    const world = spoolWorld(3);
    const arg = await found(world);
    const act = actOn(world);
    const observation = await remove.observe(act, arg);
    put(world, SPOOL, { type: 'directory' });
    const applied = await remove.apply(act, arg, observation);
    assert.deepEqual([applied.outcome, applied.undo, world.log], ['failed', { kind: 'nothing' }, []]);
  });

  it('says that it cannot be undone', async () => {
    assert.equal((await remove.revert(actOn(spoolWorld(0)), null)).outcome, 'failed');
  });
});
