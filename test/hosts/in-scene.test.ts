import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { inScene, isWithin } from '../../src/hosts/in-scene.ts';
import type { Host } from '../../src/model/host.ts';
import { temporaryFolder } from '../support/folder.ts';

/** A host that allows everything and remembers the calls. */
function sceneOf(context: TestContext) {
  const root = temporaryFolder(context);
  const scene = join(root, 'scene');
  for (const folder of ['scene', 'scene/spool', 'real']) mkdirSync(join(root, folder));
  for (const file of ['scene/cron', 'real/cron']) writeFileSync(join(root, file), '');
  symlinkSync('../real', join(scene, 'link'));
  const asked: string[] = [];
  const does = (what: string) => async (first: unknown) => {
    asked.push(`${what} ${JSON.stringify(first)}`);
    return { ok: true };
  };
  const host = {
    name: 'h',
    processes: {
      signal: async (targets: readonly { pid: number }[]) => {
        asked.push(`signal ${targets.map(({ pid }) => pid)}`);
        return targets.map(({ pid }) => ({ pid, outcome: 'sent' as const }));
      },
      alive: async (targets: readonly object[]) => targets,
    },
    files: { delete: does('delete'), replace: does('replace'), list: does('list') },
    services: { start: does('start'), stop: does('stop'), arm: does('arm'), release: does('release') },
    commands: { run: does('run') },
    machine: {},
  } as unknown as Host;
  return { root, scene, host: inScene(host, scene), asked };
}

const codeOf = (result: object): string => ('code' in result ? String(result.code) : 'done');
const SIGNAL = new AbortController().signal;

test('in a drill every act outside of the scene is refused, also through a link or an upward path', async (context) => {
  const { root, scene, host, asked } = sceneOf(context);
  for (const path of [
    join(root, 'real/cron'),
    join(scene, 'link/cron'),
    `${scene}/../real/cron`,
    `${scene}x`,
    scene,
    'cron',
    '/',
  ]) {
    assert.equal(isWithin(scene, path), false, path);
    const request = { argv: [path], effect: 'write', timeout: 1 } as const;
    const handle = { selector: { in: path } } as Parameters<Host['files']['delete']>[0];
    const results = [
      await host.files.delete(handle, {} as Parameters<Host['files']['delete']>[1]),
      await host.files.replace(path, { before: '', bytes: '' }),
      await host.services.start(path, { timeout: 1 }),
      await host.services.stop(path, { timeout: 1 }),
      await host.services.arm({ id: 'i', service: path, within: 1 }),
      await host.commands.run(request, SIGNAL),
    ];
    assert.deepEqual(
      results.map(codeOf),
      results.map(() => 'outside-scene'),
      path,
    );
  }
  const sent = await host.processes.signal(
    [
      { pid: 7, start: 1, exe: join(root, 'real/cron') },
      { pid: 8, start: 1, exe: null },
    ],
    'KILL',
  );
  assert.deepEqual(
    sent.map(({ outcome }) => outcome),
    ['refused', 'refused'],
  );
  assert.deepEqual(asked, ['signal ']);
});

test('in its scene a drill does what any run does, and looks everywhere', async (context) => {
  const { root, scene, host, asked } = sceneOf(context);
  const cron = join(scene, 'cron');
  await host.files.replace(cron, { before: '', bytes: '' });
  await host.services.stop(cron, { timeout: 1 });
  await host.services.arm({ id: 'i', service: cron, within: 1 });
  await host.services.release(null);
  await host.commands.run({ argv: [cron], effect: 'write', timeout: 1 }, SIGNAL);
  await host.commands.run({ argv: ['/bin/true'], effect: 'read', timeout: 1 }, SIGNAL);
  await host.files.list({ in: join(root, 'real') }, { sample: 1 });
  await host.processes.signal([{ pid: 9, start: 1, exe: `${scene}/gone` }], 'KILL');
  assert.deepEqual(
    asked.map((one) => one.split(' ')[0]),
    ['replace', 'stop', 'arm', 'release', 'run', 'run', 'list', 'signal'],
  );
  assert.equal(asked.at(-1), 'signal 9');
});
