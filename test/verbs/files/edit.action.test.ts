import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FakeWorld } from '../../../src/hosts/fake/world.ts';
import type { Json } from '../../../src/model/json.ts';
import type { Act, Observation } from '../../../src/model/verb.ts';
import edit from '../../../src/verbs/files/edit.action.ts';
import { actOn } from '../../support/act.ts';
import { emptyWorld } from '../../support/hosts/fake-world.ts';
import { put } from '../../support/hosts/files-world.ts';

const FILE = '/etc/aliases';
const ROOT: Json = { file: FILE, set_line: { matching: '^root:', to: 'root: ops' } };

function worldWith(content: string): FakeWorld {
  const world = emptyWorld();
  put(world, FILE, { bytes: base64(content) });
  return world;
}
const base64 = (content: string): string => Buffer.from(content).toString('base64');
const contentOf = (world: FakeWorld): string => Buffer.from(world.files.get(FILE)?.bytes ?? '', 'base64').toString();

/** As a run does it: what observe keeps, apply and revert may recall. */
function acting(world: FakeWorld, observation: Observation, over: Partial<Act> = {}): Act {
  return actOn(world, {
    recall: async (name) => observation.keep[name] ?? assert.fail(`nothing kept as ${name}`),
    ...over,
  });
}

async function applied(world: FakeWorld, arg: Json, over: Partial<Act> = {}) {
  const observation = await edit.observe(actOn(world), arg);
  const act = acting(world, observation, over);
  return {
    observation,
    result: await edit.apply(act, arg, observation),
    undo: () => edit.revert(act, observation.undo.kind === 'revert' ? observation.undo.data : null),
  };
}

describe('edit', () => {
  it('shows the diff, keeps the bytes before, and says how to undo it', async () => {
    const world = worldWith('a: b\nroot: me\n');
    const { undo, targets, blocks, ...seen } = await edit.observe(actOn(world), ROOT);
    assert.deepEqual(seen, {
      verdict: 'change',
      summary: 'edit /etc/aliases: 1 line',
      state: { now: 'as it is', after: '1 line changed' },
      predicts: [{ kind: 'file', path: FILE, bytes: base64('a: b\nroot: ops\n') }],
      costs: { edit: 1 },
      keep: { before: base64('a: b\nroot: me\n'), after: base64('a: b\nroot: ops\n') },
      explain: ["sensible-editor /etc/aliases    # the lines that match '^root:' become: root: ops"],
      estimate: 50,
      warnings: [],
    });
    assert.deepEqual(
      [undo, targets.members],
      [{ kind: 'revert', say: 'put the 1 line of /etc/aliases back', data: { path: FILE } }, [FILE]],
    );
    assert.deepEqual(blocks, [{ kind: 'diff', path: FILE, before: 'a: b\nroot: me\n', after: 'a: b\nroot: ops\n' }]);
    assert.deepEqual(world.log, []);
  });

  it('keeps the content of a file out of the journal', async () => {
    const {
      keep: _,
      predicts: __,
      blocks: ___,
      ...journaled
    } = await edit.observe(actOn(worldWith('SECRET\nroot: me\n')), ROOT);
    assert.doesNotMatch(JSON.stringify(journaled), new RegExp(`SECRET|${base64('SECRET').slice(0, 6)}`));
  });

  it('changes the file, and a second time has nothing to do', async () => {
    const world = worldWith('root: me\n');
    const { result } = await applied(world, ROOT);
    assert.deepEqual(
      [result.outcome, result.used, contentOf(world), world.log],
      ['done', { edit: 1 }, 'root: ops\n', [`replace ${FILE}`]],
    );
    assert.equal((await edit.observe(actOn(world), ROOT)).verdict, 'nothing');
  });

  it('is undone to the very bytes, once and again', async () => {
    const world = worldWith('root: me');
    const { undo } = await applied(world, ROOT);
    assert.equal(contentOf(world), 'root: ops\n');
    assert.equal((await undo()).outcome, 'done');
    assert.equal(contentOf(world), 'root: me');
    assert.equal((await undo()).outcome, 'done');
    assert.equal(world.log.length, 2);
  });

  it('does not overwrite a later edit with an undo, and shows what it would have done', async () => {
    const world = worldWith('root: me\n');
    const { undo } = await applied(world, ROOT);
    put(world, FILE, { bytes: base64('root: ops\nmine: too\n') });
    const { outcome, reason, blocks } = await undo();
    assert.deepEqual([outcome, contentOf(world)], ['failed', 'root: ops\nmine: too\n']);
    assert.match(String(reason), /changed by somebody since/);
    assert.deepEqual(blocks, [{ kind: 'diff', path: FILE, before: 'root: ops\nmine: too\n', after: 'root: me\n' }]);
  });

  it('does not overwrite an edit between the look and the act', async () => {
    const world = worldWith('root: me\n');
    const observation = await edit.observe(actOn(world), ROOT);
    put(world, FILE, { bytes: base64('theirs\n') });
    const result = await edit.apply(acting(world, observation), ROOT, observation);
    assert.deepEqual([result.outcome, result.undo, contentOf(world)], ['failed', { kind: 'nothing' }, 'theirs\n']);
  });

  it('writes nothing once the limit is used up', async () => {
    const world = worldWith('root: me\n');
    const { result } = await applied(world, ROOT, { allowance: () => 0 });
    assert.deepEqual([result.outcome, contentOf(world)], ['failed', 'root: me\n']);
  });

  it('cannot edit what is not there, and says so', async () => {
    const { verdict, reason } = await edit.observe(actOn(emptyWorld()), ROOT);
    assert.deepEqual([verdict, reason], ['cannot', '/etc/aliases: there is no such file or folder']);
  });
});
