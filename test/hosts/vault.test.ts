import assert from 'node:assert/strict';
import {
  chmodSync,
  lchownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fakeHost } from '../../src/hosts/fake.ts';
import { localHost } from '../../src/hosts/local.ts';
import { readOnly } from '../../src/hosts/read-only.ts';
import { spawnCommand } from '../../src/hosts/spawn.ts';
import { openVault, type Vault } from '../../src/hosts/vault.ts';
import { withSecrets } from '../../src/hosts/with-secrets.ts';
import {
  type Captured,
  type CommandRequest,
  capturedText,
  type Host,
  type ProgramResult,
} from '../../src/model/host.ts';
import { secretReference } from '../../src/model/secret.ts';
import { emptyWorld } from '../support/hosts/fake-world.ts';
import { ROOT_ONLY } from '../support/hosts/paths-stage.ts';

const SECRET = 'correct horse battery';
const never = new AbortController().signal;
const vaultOf = (env: Readonly<Record<string, string>> = {}): Vault => openVault({ env, run: spawnCommand });
const learn = (vault: Vault, from: string) => vault.learn([secretReference('token', from)], never);

function folderOf(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-vault-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('a secret comes from a file, a link to one, the environment, or what a command prints, without the last newline', async (t) => {
  const folder = folderOf(t);
  const file = join(folder, 'token');
  writeFileSync(file, `${SECRET}\n`, { mode: 0o600 });
  symlinkSync('token', join(folder, 'link'));
  for (const from of [
    `file:${file}`,
    `file:${folder}/link`,
    'env:TOKEN',
    `command:["cat", "${file}"]`,
    `command:cat ${file}`,
  ]) {
    const vault = vaultOf({ TOKEN: SECRET });
    assert.deepEqual(
      [vault.reveal(from), await learn(vault, from), vault.reveal(from)],
      [undefined, null, SECRET],
      from,
    );
    assert.equal(vault.redact(`<${SECRET}>`), '<‹secret token›>');
  }
});

test('a message tells why a secret cannot be read, and never the secret', async (t) => {
  const folder = folderOf(t);
  mkdirSync(join(folder, 'folder'));
  writeFileSync(join(folder, 'short'), 'hunter2\n');
  writeFileSync(join(folder, 'long'), 'x'.repeat(9000));
  writeFileSync(join(folder, 'nul'), 'correct\0horse');
  const cases: readonly (readonly [string, RegExp])[] = [
    [`file:${folder}/none`, /cannot be read: ENOENT$/],
    [`file:${folder}/folder`, /is no regular file$/],
    [`file:${folder}/short`, /shorter than 8 characters/],
    [`file:${folder}/long`, /longer than 8192 characters$/],
    [`file:${folder}/nul`, /NUL byte$/],
    ['env:NONE', /no such variable/],
    ['command:false', /it ended with 1$/],
    ['command:no-such-program-anywhere', /could not be started/],
    [`command:["sh", "-c", "echo ${SECRET}; echo ${SECRET} >&2; exit 3"]`, /it ended with 3$/],
  ];
  for (const [from, expected] of cases) assert.match(String(await learn(vaultOf(), from)), expected, from);
});

test(
  'a secret is not read through a link of another user’s, nor from a file that he may have given a name',
  ROOT_ONLY,
  async (t) => {
    const folder = folderOf(t);
    const [his, roots, sticky] = ['his', 'roots', 'sticky'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    for (const each of [his, roots, sticky]) mkdirSync(each);
    writeFileSync(join(roots, 'token'), SECRET, { mode: 0o600 });
    symlinkSync(join(roots, 'token'), join(his, 'token'));
    symlinkSync(roots, join(his, 'roots'));
    linkSync(join(roots, 'token'), join(his, 'hard'));
    writeFileSync(join(his, 'own'), SECRET);
    for (const path of [his, ...['token', 'roots', 'own'].map((name) => join(his, name))]) lchownSync(path, 1001, 1001);
    // As Kubernetes mounts them: root's links in a folder for everybody.
    chmodSync(sticky, 0o1777);
    mkdirSync(join(sticky, '..1'));
    writeFileSync(join(sticky, '..1/token'), SECRET);
    symlinkSync('..1', join(sticky, '..data'));
    symlinkSync('..data/token', join(sticky, 'token'));
    const said = async (path: string) => await learn(vaultOf(), `file:${path}`);
    for (const path of [join(his, 'token'), join(his, 'roots/token')])
      assert.match(String(await said(path)), /a symbolic link on the way to it was made by another user/, path);
    assert.match(String(await said(join(his, 'hard'))), /it has several names \(hard links\)/);
    assert.equal(await said(join(his, 'own')), null);
    const kept = readFileSync('/proc/sys/fs/protected_hardlinks', 'latin1').trim() === '1';
    assert.equal((await said(join(sticky, 'token'))) === null, kept);
  },
);

const request = (secrets: NonNullable<CommandRequest['secrets']>, script: string): CommandRequest => ({
  argv: ['sh', '-c', script],
  effect: 'read',
  timeout: 60_000,
  env: { PLAIN: 'plain' },
  secrets,
});

test('a command gets it in its environment and on its input, and what it prints of it is taken out', async () => {
  const vault = vaultOf({ TOKEN: SECRET });
  const token = secretReference('token', 'env:TOKEN');
  await vault.learn([token], never);
  const script = `read -r line; [ "$line" = "$T" ] && [ "$T" = '${SECRET}' ] && echo "$PLAIN $T"; printf %s "$T" | base64 >&2; tr '\\0' '\\n' < /proc/$$/cmdline | grep -c "$T"`;
  for (const host of [withSecrets(localHost('here'), vault), readOnly(withSecrets(localHost('here'), vault))]) {
    const result = await host.commands.run(
      request({ env: { T: token }, stdin: token }, script.replace(`'${SECRET}'`, '"$T"')),
      never,
    );
    assert.ok(result.ok);
    assert.deepEqual(
      [capturedText(result.stdout), capturedText(result.stderr)],
      ['plain ‹secret token›\n0\n', '‹secret token›\n'],
    );
  }
});

test('a host that does not know the secret runs nothing', async () => {
  const token = secretReference('token', 'env:TOKEN');
  const world = emptyWorld({ commands: () => ({ exit: 0 }) });
  for (const host of [localHost('here'), fakeHost(world), withSecrets(localHost('here'), vaultOf())]) {
    const result = await host.commands.run(request({ env: { T: token } }, 'true'), never);
    assert.equal(result.ok ? 'ran' : result.code, 'secret');
  }
});

test('where the middle of an output is left out, no half of a secret stays at the cut', async () => {
  const vault = vaultOf({ TOKEN: SECRET });
  const token = secretReference('token', 'env:TOKEN');
  await vault.learn([token], never);
  const printed = (stdout: Captured): Host => ({
    ...localHost('here'),
    commands: {
      which: async () => null,
      run: async (): Promise<ProgramResult> => ({
        ok: true,
        exit: 0,
        signal: null,
        timedOut: false,
        stdout,
        stderr: { head: SECRET.slice(0, 9), tail: SECRET.slice(9), dropped: 0 },
        took: 1,
      }),
    },
  });
  const host = withSecrets(
    printed({
      head: `${'a'.repeat(500)}${SECRET.slice(0, 12)}`,
      tail: `${SECRET.slice(5)}${'b'.repeat(500)}`,
      dropped: 7,
    }),
    vault,
  );
  const result = await host.commands.run({ argv: ['x'], effect: 'read', timeout: 1 }, never);
  assert.ok(result.ok);
  assert.match(result.stdout.head, /^a+$/);
  assert.match(result.stdout.tail, /^b+$/);
  assert.equal(result.stdout.dropped, 7 + 2 * 6 * SECRET.length);
  assert.equal(capturedText(result.stderr), '‹secret token›');
});
