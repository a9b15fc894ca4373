import assert from 'node:assert/strict';
import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { isHostName } from '../../../src/hosts/ssh/openssh.ts';
import { controlSockets } from '../../../src/hosts/ssh/sockets.ts';
import { temporaryFolder } from '../../support/folder.ts';

const uid = process.getuid?.() ?? 0;
/** Anybody but root, whose folder is always /run/firebreak: root can make a folder of anybody's. */
const user = uid === 0 ? 65534 : uid;

describe('the place of control sockets', () => {
  it('is a folder that nobody else can look into, and is gone with the last of them', () => {
    const sockets = controlSockets({ uid, env: {} });
    const [first, second] = [sockets.fresh(), sockets.fresh()];
    assert.ok(first !== null && second !== null && first !== second && first.length < 90);
    assert.equal(statSync(dirname(first)).mode & 0o777, 0o700);
    sockets.remove(first);
    assert.ok(existsSync(dirname(first)));
    sockets.remove(second);
    assert.equal(existsSync(dirname(first)), false);
    const third = sockets.fresh();
    assert.ok(third !== null && third !== first);
    sockets.remove(third);
  });

  it('is swept of what dead engines left', () => {
    const before = controlSockets({ uid, env: {} });
    const first = before.fresh() ?? assert.fail();
    const stale = join(dirname(dirname(first)), 'ssh-999999999-aaaaaa');
    mkdirSync(stale);
    writeFileSync(join(stale, '1'), '');
    const sockets = controlSockets({ uid, env: {} });
    const second = sockets.fresh() ?? assert.fail();
    assert.equal(existsSync(stale), false);
    sockets.remove(second);
    before.remove(first);
  });

  it('is not a folder that others can write to, nor a link', (test) => {
    const runtime = temporaryFolder(test);
    const folder = join(runtime, 'firebreak');
    const made = (mode: number) => {
      mkdirSync(folder);
      chmodSync(folder, mode);
      chownSync(folder, user, -1);
    };
    const isTaken = (make: () => void): boolean => {
      rmSync(folder, { recursive: true, force: true });
      make();
      const sockets = controlSockets({ uid: user, env: { XDG_RUNTIME_DIR: runtime } });
      const path = sockets.fresh() ?? assert.fail();
      sockets.remove(path);
      return path.startsWith(folder);
    };
    assert.deepEqual(
      [() => made(0o700), () => made(0o777), () => symlinkSync('/tmp', folder)].map((make) => isTaken(make)),
      [true, false, false],
    );
    rmSync(`/dev/shm/firebreak-${user}`, { recursive: true, force: true });
  });
});

it('a name of a host is nothing that ssh or a shell could take for something else', () => {
  assert.deepEqual(
    ['web7', 'web-7.example.org', 'fe80::1%eth0', 'ann@web7', '_srv'].filter((name) => !isHostName(name)),
    [],
  );
  assert.deepEqual(
    ['', '-oProxyCommand=reboot', 'a b', 'a;b', '$(a)', '`a`', "a'b", 'a\nb', 'é', '*'].filter(isHostName),
    [],
  );
});
