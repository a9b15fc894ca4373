import assert from 'node:assert/strict';
import { chmodSync, lchownSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { manualInterrupts } from '../../src/wiring/interrupts.ts';
import { ROOT_ONLY, stateOf } from '../support/hosts/paths-stage.ts';
import { eventually } from '../support/hosts/programs.ts';
import { type Said, type Stage, setStage } from '../support/stage.ts';

const STRANGER = 1001;

/** A service's own folder below `sp`, which is all that the runbook and the policy may touch. */
const runbook = (folder: string, wait: string) => `firebreak: 1
runbook: sweep
version: 1.0.0
title: the queue is full
params:
  queue: {type: path, default: ${folder}/sp/app/queue/in, under: ${folder}/sp, about: what is emptied}
  conf: {type: path, default: ${folder}/sp/app/conf, under: ${folder}/sp, about: what is edited}
limits: {edit: 1, delete: 5}
diagnose:
  - id: old
    files: {in: $queue, type: file}
    expect: {count: {at_least: 1}}
act:
  - id: paint
    why: red is wrong
    edit: {file: $conf, set_line: {matching: '^colour', to: colour = blue}}
  - id: rest
    why: so that it can be interrupted here
    wait: {for: ${wait}}
  - id: clean
    why: they are old
    delete: {targets: $old}
verify:
  - id: calm
    watch: {for: 200ms, every: 50ms}
    hold:
      - {of: $old, count: {at_most: 0}}
`;

/** Replaces ssh: commands for the host start on this machine. */
const SSH = '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nexec /bin/sh -c "$3"\n';

interface Scene extends Stage {
  readonly sweep: (argv: readonly string[], given?: Parameters<Stage['firebreak']>[1]) => Promise<Said>;
  /** A command that takes its host from the journal. */
  readonly again: (argv: readonly string[]) => Promise<Said>;
  /** The folder or file becomes a link of the stranger's to the same below `victim`. */
  readonly plant: (path: string) => void;
  readonly tree: () => unknown;
}

function setScene(test: TestContext, far: boolean, wait = '1ms'): Scene {
  const stage = setStage(test);
  const { folder, path, write } = stage;
  chmodSync(folder, 0o755);
  for (const name of [
    'sp',
    'sp/app',
    'sp/app/queue',
    'sp/app/queue/in',
    'victim',
    'victim/queue',
    'victim/queue/in',
    'bin',
  ])
    mkdirSync(path(name));
  for (const at of ['sp/app', 'victim']) {
    for (const name of ['a', 'b']) write(`${at}/queue/in/${name}`, name);
    write(`${at}/conf`, 'colour = red\n');
  }
  for (const name of [
    'sp/app',
    'sp/app/queue',
    'sp/app/queue/in',
    'sp/app/conf',
    'sp/app/queue/in/a',
    'sp/app/queue/in/b',
  ])
    lchownSync(path(name), STRANGER, STRANGER);
  writeFileSync(path('bin/ssh'), SSH, { mode: 0o755 });
  write('sweep.yaml', runbook(folder, wait));
  write(
    'sweep-policy.yaml',
    `firebreak_policy: 1\nallow:\n  - {id: sweeps, runbook: sweep, undo: all, params: {queue: {matches: '${folder}/sp/.+'}}}\n`,
  );
  const env = {
    PATH: `${path('bin')}:/usr/sbin:/usr/bin:/sbin:/bin`,
    FIREBREAK_STATE: path('state'),
    FIREBREAK_LOCK: `paths-${process.pid}-${folder.slice(-6)}`,
    XDG_RUNTIME_DIR: folder,
  };
  return {
    ...stage,
    sweep: (argv, given) =>
      stage.firebreak([...argv, ...(far ? ['--host', 'oncall@far3'] : [])], far ? { env, ...given } : given),
    again: (argv) => stage.firebreak(argv, far ? { env } : {}),
    plant: (name) => {
      renameSync(path(name), path('moved'));
      symlinkSync(path(name.replace('sp/app', 'victim')), path(name));
      lchownSync(path(name), STRANGER, STRANGER);
    },
    tree: () => [stateOf(path('sp')), stateOf(path('victim'))],
  };
}

const ALONE = ['--unattended', '--policy', 'sweep-policy.yaml'];
const BY = ['--policy', 'sweep-policy.yaml'];
const RUN = ['run', './sweep.yaml', ...ALONE];

/** Wrapped as the screen wraps it. */
const flat = ({ out, err }: Said): string => (out + err).replace(/\s+/g, '');

function isRefused(
  scene: Scene,
  said: Said,
  { codes, names }: { readonly codes: readonly number[]; readonly names: string },
): void {
  assert.ok(codes.includes(said.exit), `${said.exit}: ${said.out}${said.err}`);
  assert.ok(flat(said).includes(scene.path(names)), said.out + said.err);
}

/** Until the first act is done; a run that ends without it is told. */
async function painted(scene: Scene, running: Promise<Said>): Promise<void> {
  let over: Said | null = null;
  void running.then((said) => {
    over = said;
  });
  await eventually(() => {
    assert.equal(over, null);
    return readFileSync(scene.path('sp/app/conf'), 'utf8').includes('blue');
  });
}

for (const far of [false, true]) {
  describe(far ? 'over ssh' : 'on this machine', ROOT_ONLY, () => {
    for (const [planted, leads] of [
      ['sp/app', 'victim/queue/in'],
      ['sp/app/queue', 'victim/queue/in'],
      ['sp/app/queue/in', 'victim/queue/in'],
      ['sp/app/conf', 'victim/conf'],
    ] as const) {
      it(`a link that a stranger planted at ${planted} is refused by plan and run, which say where it leads`, async (t) => {
        const scene = setScene(t, far);
        scene.plant(planted);
        const before = scene.tree();
        for (const argv of [['plan', './sweep.yaml', ...BY], RUN])
          isRefused(scene, await scene.sweep(argv), { codes: [3], names: leads });
        assert.deepEqual(scene.tree(), before);
      });

      it(`a link that a stranger planted at ${planted} after the plan was saved is refused by its run`, async (t) => {
        const scene = setScene(t, far);
        const saved = await scene.sweep(['plan', './sweep.yaml', ...BY, '--save', 'plan.json']);
        assert.equal(saved.exit, 0, saved.out + saved.err);
        scene.plant(planted);
        const before = scene.tree();
        isRefused(scene, await scene.sweep(['run', '--plan', 'plan.json', ...ALONE]), { codes: [3, 6], names: leads });
        assert.deepEqual(scene.tree(), before);
      });
    }

    it('without a link it does its work, in a folder that a service’s own user owns', async (t) => {
      const scene = setScene(t, far);
      const said = await scene.sweep(RUN);
      assert.equal(said.exit, 0, said.out + said.err);
      assert.deepEqual(readFileSync(scene.path('sp/app/conf'), 'utf8'), 'colour = blue\n');
      assert.deepEqual(Object.keys(stateOf(scene.path('sp/app/queue/in'))), []);
    });

    it('a link that is planted while the run is at work is refused by the act', async (t) => {
      const scene = setScene(t, far, '600ms');
      const running = scene.sweep(RUN);
      await painted(scene, running);
      scene.plant('sp/app/queue');
      const before = stateOf(scene.path('victim'));
      isRefused(scene, await running, { codes: [3, 4, 7, 8, 9], names: 'victim/queue/in' });
      assert.deepEqual(stateOf(scene.path('victim')), before);
    });

    it('a link that was planted since is refused by resume and by rollback', async (t) => {
      for (const again of ['resume', 'rollback']) {
        const scene = setScene(t, far, '1m');
        const interrupts = manualInterrupts();
        const running = scene.sweep(RUN, { interrupts });
        await painted(scene, running);
        interrupts.raise('enough');
        const stopped = await running;
        assert.equal(stopped.exit, 130, stopped.out + stopped.err);
        scene.plant('sp/app');
        const before = scene.tree();
        const said = await scene.again([again, ...ALONE]);
        assert.ok([3, 7, 9].includes(said.exit), `${again} ${said.exit}: ${said.out}${said.err}`);
        assert.ok(flat(said).includes(scene.path('victim')), said.out + said.err);
        assert.deepEqual(scene.tree(), before);
      }
    });

    it('a link of root’s that leads out of `under`, or out of what the policy allows, is judged by where it leads', async (t) => {
      const scene = setScene(t, far);
      symlinkSync('../victim/queue', scene.path('sp/out'));
      const before = scene.tree();
      const param = ['--param', `queue=${scene.path('sp/out/in')}`];
      const under = await scene.sweep(['plan', './sweep.yaml', ...param]);
      isRefused(scene, under, { codes: [3], names: 'victim/queue/in' });
      assert.ok(flat(under).includes('doesnotliebelow'), under.out + under.err);
      scene.write(
        'sweep.yaml',
        runbook(scene.folder, '1ms').replaceAll(`under: ${scene.folder}/sp,`, `under: ${scene.folder},`),
      );
      const policy = await scene.sweep([...RUN, ...param]);
      isRefused(scene, policy, { codes: [77], names: 'victim/queue/in' });
      assert.deepEqual(scene.tree(), before);
    });

    it('a link of root’s that stays below is followed, and the screen shows where it leads', async (t) => {
      const scene = setScene(t, far);
      symlinkSync('app/queue', scene.path('sp/q'));
      const said = await scene.sweep(['plan', './sweep.yaml', ...BY, '--param', `queue=${scene.path('sp/q/in')}`]);
      assert.equal(said.exit, 0, said.out + said.err);
      assert.ok(flat(said).includes(`in${scene.path('sp/app/queue/in')}`), said.out);
    });
  });
}
