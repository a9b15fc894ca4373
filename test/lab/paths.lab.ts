import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, lchownSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CHECKOUT } from '../support/lab/lab.ts';

/**
 * The whole program on a copy of /etc that lies over the real one. This file starts itself again in a mount namespace
 * of its own, as root.
 */
const here = fileURLToPath(import.meta.url);
const ROOT = '/run/firebreak-paths-lab';
const USER = 1000;

function outside(): void {
  test('/etc is kept however it is named or mounted, and ordinary folders are emptied, by root and by their owner', () => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const argv = ['--mount', '--propagation', 'private', process.execPath, here];
    const run = spawnSync('unshare', argv, {
      env: { ...env, PATHS_LAB: 'inside' },
      encoding: 'utf8',
      timeout: 240_000,
    });
    rmSync(ROOT, { recursive: true, force: true });
    assert.equal(run.status, 0, `${run.stdout}\n${run.stderr}`);
  });
}

const sweep = (folder: string) => `firebreak: 1
runbook: sweep
version: 1.0.0
title: empties a folder
${folder === '$in' ? 'params: {in: {type: path, default: /nowhere, about: the folder}}' : ''}
limits: {delete: 100000}
diagnose:
  - {id: there, files: {in: ${folder}, type: file}, expect: {count: {at_least: 0}}}
act:
  - {id: clean, why: to see whether it does, delete: {files: {in: ${folder}}}}
verify:
  - {id: calm, watch: {for: 200ms, every: 100ms}, hold: [{of: $there, count: {at_most: 0}}]}
`;

interface Ran {
  readonly exit: number | null;
  readonly said: string;
}

function firebreak(argv: readonly string[], uid = 0, more: Readonly<Record<string, string>> = {}): Ran {
  const as = uid === 0 ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
  const env = {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: uid === 0 ? '/root' : `${ROOT}/home`,
    FIREBREAK_NODE: process.execPath,
    ...more,
  };
  const [program = '', ...rest] = [...as, join(CHECKOUT, 'bin/firebreak'), ...argv];
  const { status, stdout, stderr } = spawnSync(program, rest, { cwd: '/', env, encoding: 'utf8', timeout: 60_000 });
  return { exit: status, said: stdout + stderr };
}

function mount(...argv: readonly string[]): void {
  execFileSync('mount', argv, { stdio: 'pipe' });
}

const etc = () => readdirSync('/etc', { recursive: true }).length;

function inside(): void {
  mkdirSync(ROOT);
  mount('-t', 'tmpfs', '-o', 'mode=755', 'none', ROOT);
  execFileSync('cp', ['-a', '/etc', `${ROOT}/copy`]);
  mount('--bind', `${ROOT}/copy`, '/etc');
  for (const place of ['/var/lib/firebreak', '/run/firebreak']) {
    mkdirSync(place, { recursive: true });
    mount('-t', 'tmpfs', '-o', 'mode=700', 'none', place);
  }
  for (const name of ['elsewhere', 'part', 'all', 'home', 'spool', 'lib', 'upper', 'work', 'layered'])
    mkdirSync(`${ROOT}/${name}`);
  mount('--bind', '/etc', `${ROOT}/elsewhere`);
  mount('--bind', '/etc/ssl', `${ROOT}/part`);
  mount('--bind', '/usr/lib', `${ROOT}/lib`);
  mount('--rbind', '/', `${ROOT}/all`);
  writeFileSync(
    `${ROOT}/policy.yaml`,
    'firebreak_policy: 1\nallow:\n  - {id: sweeps, runbook: sweep, limits: {delete: 100000}, cool_down: 0s}\n',
    {
      mode: 0o644,
    },
  );
  kept();
  strange();
  emptied();
  process.exit(process.exitCode);
}

/** Its name, and what the refusal must name. */
const NAMES: readonly (readonly [string, string])[] = [
  ['/etc', '/etc'],
  ['//etc', '/etc'],
  ['/./etc', '/etc'],
  ['/etc/', '/etc'],
  ['/etc/.', '/etc'],
  ['/usr/../etc', '/etc'],
  ['/proc/self/root/etc', '/etc'],
  ['/proc/1/root/etc', '/etc'],
  ['/etc/ssl', '/etc/ssl'],
  [`${ROOT}/copy`, `${ROOT}/copy`],
  [`${ROOT}/elsewhere`, `${ROOT}/elsewhere`],
  [`${ROOT}/part`, `${ROOT}/part`],
  [`${ROOT}/lib`, `${ROOT}/lib`],
  [`${ROOT}/all/etc`, `${ROOT}/all/etc`],
  ['/var/lib/dpkg/info', '/var/lib/dpkg'],
  ['/bin', '/usr/bin'],
  ['/root', '/root'],
];

function kept(): void {
  const before = etc();
  const by = ['--policy', `${ROOT}/policy.yaml`];
  for (const [name, told] of NAMES) {
    writeFileSync(`${ROOT}/literal.yaml`, sweep(JSON.stringify(name)), { mode: 0o644 });
    writeFileSync(`${ROOT}/sweep.yaml`, sweep('$in'), { mode: 0o644 });
    for (const argv of [
      ['plan', `${ROOT}/literal.yaml`, ...by],
      ['run', `${ROOT}/literal.yaml`, '--unattended', ...by],
      ['run', `${ROOT}/sweep.yaml`, '--unattended', ...by, '--param', `in=${name}`],
    ]) {
      const { exit, said } = firebreak(argv);
      assert.ok([3, 7, 64].includes(exit ?? 0), `${argv.join(' ')}: ${exit}\n${said}`);
      assert.ok(exit === 64 || said.replace(/\s+/g, '').includes(told), `${argv.join(' ')}\n${said}`);
      assert.equal(etc(), before, argv.join(' '));
    }
  }
}

/** By sudo: what its user made is a stranger's all the same. */
function strange(): void {
  const [his, victim] = [`${ROOT}/home/his`, `${ROOT}/lib-copy`];
  for (const folder of [his, victim]) mkdirSync(folder);
  writeFileSync(join(victim, 'precious'), 'x');
  symlinkSync(victim, join(his, 'queue'));
  for (const path of [his, join(his, 'queue')]) lchownSync(path, USER, USER);
  writeFileSync(`${ROOT}/his.yaml`, sweep(join(his, 'queue/.')), { mode: 0o644 });
  const argv = ['run', `${ROOT}/his.yaml`, '--unattended', '--policy', `${ROOT}/policy.yaml`];
  const { exit, said } = firebreak(argv, 0, { SUDO_USER: 'somebody', SUDO_UID: String(USER), SUDO_GID: String(USER) });
  assert.ok([3, 7].includes(exit ?? 0) && said.replace(/\s+/g, '').includes(victim), said);
  assert.deepEqual(readdirSync(victim), ['precious']);
}

function emptied(): void {
  chownSync(`${ROOT}/home`, USER, USER);
  symlinkSync('.', `${ROOT}/home/own`);
  lchownSync(`${ROOT}/home/own`, USER, USER);
  // Postfix's own user owns its spool, and a person his home.
  for (const [folder, owner, as] of [
    [`${ROOT}/spool`, 101, 0],
    [`${ROOT}/home`, USER, USER],
    [`${ROOT}/home/queue`, USER, USER],
    [`${ROOT}/spool/roots`, 0, 0],
  ] as const) {
    mkdirSync(folder, { recursive: true });
    for (const name of ['a', 'b']) writeFileSync(join(folder, name), name);
    for (const path of [folder, join(folder, 'a'), join(folder, 'b')]) chownSync(path, owner, owner);
    const runbook = `${ROOT}/own.yaml`;
    // Behind a link of the own, too.
    const named = folder.replace('/home/', '/home/own/');
    writeFileSync(runbook, sweep(named), { mode: 0o644 });
    const { exit, said } = firebreak(['run', runbook, '--unattended', '--policy', `${ROOT}/policy.yaml`], as);
    assert.equal(exit, 0, said);
    assert.deepEqual(
      readdirSync(folder).filter((name) => ['a', 'b'].includes(name)),
      [],
    );
  }
}

if (process.env.PATHS_LAB === 'inside') inside();
else outside();
