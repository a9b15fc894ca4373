import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { spawnCommand } from '../../../src/hosts/spawn.ts';
import { sshCommands } from '../../../src/hosts/ssh/commands.ts';
import { openVault } from '../../../src/hosts/vault.ts';
import { withSecrets } from '../../../src/hosts/with-secrets.ts';
import { capturedText, type Host } from '../../../src/model/host.ts';
import { secretReference } from '../../../src/model/secret.ts';
import { shellRemote } from '../../support/hosts/shell-remote.ts';

const SECRET = "correct 'horse' $(battery) \\staple";
const NEVER = new AbortController().signal;

const remote = shellRemote();
after(() => remote.close());

it('a far command gets its secrets in variables and on stdin, in no argument over there, and prints none', async () => {
  const token = secretReference('token', 'env:TOKEN');
  const vault = openVault({ env: { TOKEN: SECRET }, run: spawnCommand });
  assert.equal(await vault.learn([token], NEVER), null);
  const { commands } = withSecrets({ commands: sshCommands(remote) } as Host, vault);
  const script = `printf '%s' "$KEY" | sha256sum | head -c 12; echo; sha256sum | head -c 12; echo; echo "$KEY"
cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -c 'correct .h[o]rse'`;
  const request = {
    argv: ['sh', '-c', script],
    effect: 'read',
    timeout: 60_000,
    secrets: { env: { KEY: token }, stdin: token },
  } as const;
  const result = await commands.run(request, NEVER);
  assert.ok(result.ok, JSON.stringify(result));
  const hash = await sha(SECRET);
  assert.equal(capturedText(result.stdout), `${hash}\n${hash}\n‹secret token›\n0\n`);
});

it('a far command whose secrets nobody opened does not begin', async () => {
  const secrets = { env: { KEY: secretReference('token', 'env:TOKEN') } };
  const result = await sshCommands(remote).run({ argv: ['true'], effect: 'read', timeout: 1000, secrets }, NEVER);
  assert.equal(result.ok ? 'ran' : result.code, 'secret');
});

async function sha(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', Buffer.from(text));
  return Buffer.from(digest).toString('hex').slice(0, 12);
}
