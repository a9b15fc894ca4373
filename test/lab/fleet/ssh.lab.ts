import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type SshHost, sshHost } from '../../../src/hosts/ssh.ts';
import type { Target } from '../../../src/model/fleet.ts';
import { capturedText } from '../../../src/model/host.ts';
import { type Fleet, fleet, until } from '../../support/fleet/fleet.ts';
import { CHECKOUT } from '../../support/lab/lab.ts';

/** `host1` is where the suites run, through its own sshd; `host2` is for trouble. */
let lab: Fleet;
let holder: ChildProcess;
let folder = '';
const open = new Set<SshHost>();
const NEVER = new AbortController().signal;

before(async () => {
  lab = await fleet({ hosts: 2 });
  folder = mkdtempSync('/tmp/firebreak-ssh-lab-');
  // Only where the hosts can be reached: this process is not there, but the ssh that it finds is.
  holder = lab.spawn(['sleep', '1000']);
  writeFileSync(join(folder, 'ssh'), `#!/bin/sh\nexec nsenter -t ${holder.pid} -n -- /usr/bin/ssh "$@"\n`, {
    mode: 0o755,
  });
});

after(async () => {
  await Promise.all([...open].map(({ remote }) => remote.close()));
  holder?.kill();
  await lab?.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Way extends Partial<Target> {
  readonly config?: string;
  readonly password?: string | null;
}

function hostBy({ config = lab.sshConfig, password, ...target }: Way = {}): SshHost {
  const given = {
    name: 'host2',
    address: null,
    port: null,
    user: null,
    identity: null,
    groups: [],
    labels: {},
    become: null,
    ...target,
  };
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  const host = sshHost(given, {
    config,
    become: false,
    password: password === undefined ? null : async () => password,
    uid: 0,
    env,
  });
  open.add(host);
  return host;
}

async function why(way: Way): Promise<string> {
  const { connect, remote } = hostBy(way);
  const connected = await connect();
  await remote.close();
  return connected.ok ? `uid ${connected.uid}` : `${connected.code}: ${connected.message}`;
}

describe('the five suites against a host over OpenSSH', () => {
  const LOGINS = { oncall: 'bash and sudo', ondash: 'dash and sudo', onfish: 'fish and sudo', ontcsh: 'tcsh and sudo' };

  before(async () => {
    takeAlong(lab.rootOf('host1'));
    await lab.on(
      'host1',
      `for s in dash fish tcsh; do useradd -m -s "$(command -v $s)" -G sudo on$s; echo on$s:oncall | chpasswd; cp -r /home/oncall/.ssh /home/on$s/; chown -R on$s: /home/on$s; done
       echo 'echo "a .bashrc that talks"' >>/home/oncall/.bashrc`,
    );
  });

  const suites = async (logins: Readonly<Record<string, string>>): Promise<void> => {
    const list = Object.entries(logins).map((pair) => pair.join('='));
    const { code, stdout } = await lab.run([
      'ssh',
      '-F',
      lab.sshConfig,
      'host1',
      `cd /opt/here/main && FLEET_SSH_CONFIG=/opt/here/ssh_config LOGINS='${list.join(',')}' /opt/here/node --test test/lab/inside/ssh-contracts.ts`,
    ]);
    assert.equal(code, 0, stdout);
    // Fewer would mean that a suite was not run.
    assert.ok(Number(/^ℹ pass (\d+)$/m.exec(stdout)?.[1]) >= 40 * list.length, stdout.slice(-500));
  };

  it('pass as root', async () => await suites({ root: 'root' }));

  it('pass with sudo, from the login shells bash, dash, fish and tcsh', async () => await suites(LOGINS));

  it("pass with busybox's tools first in PATH", async () => {
    await lab.on('host1', 'busybox --install -s /usr/local/bin');
    await suites({ root: 'root and busybox', ontcsh: 'tcsh with sudo and busybox' });
  });
});

/** Node, the sources and a way to its own sshd, for a host that is to test itself. */
function takeAlong(root: string): void {
  const key = /IdentityFile (\S+)/.exec(readFileSync(lab.sshConfig, 'utf8'))?.[1] ?? '';
  mkdirSync(join(root, 'opt/here/main'), { recursive: true });
  cpSync(realpathSync(process.execPath), join(root, 'opt/here/node'));
  // The engine of patterns is the one package that the ports need.
  for (const part of ['src', 'test', 'package.json', 'node_modules/re2js'])
    cpSync(join(CHECKOUT, part), join(root, 'opt/here/main', part), { recursive: true });
  cpSync(key, join(root, 'opt/here/key'));
  chmodSync(join(root, 'opt/here/key'), 0o600);
  cpSync(join(dirname(lab.sshConfig), 'known_hosts'), join(root, 'opt/here/known_hosts'));
  const config = readFileSync(lab.sshConfig, 'utf8').replace(/IdentityFile .*/, 'IdentityFile /opt/here/key');
  writeFileSync(
    join(root, 'opt/here/ssh_config'),
    config.replace(/UserKnownHostsFile .*/, 'UserKnownHostsFile /opt/here/known_hosts'),
  );
}

describe('a host that does not let us in', () => {
  it('whose key has changed is named with the file and the line of the key that was known, and nothing is sent to it', async () => {
    const known = join(folder, 'known_hosts');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'other')]);
    const [type, key] = readFileSync(join(folder, 'other.pub'), 'utf8').split(' ');
    const lines = readFileSync(join(dirname(lab.sshConfig), 'known_hosts'), 'utf8').split('\n');
    writeFileSync(known, [lines[0], `${lines[1]?.split(' ')[0]} ${type} ${key}`, ''].join('\n'));
    const sentence = await why({ config: configWith(known) });
    assert.match(
      sentence,
      /^host-key: the key of host2 has changed \(known: line 2 of \S+known_hosts\); what answers has SHA256:\S+: nothing was sent to it\. Was it built anew\? Then take the line out: sed -i 2d \S+known_hosts\. Else somebody may be in between$/,
    );
    assert.doesNotMatch(sentence, /StrictHostKeyChecking/);
  });

  it('whose key is not known is not trusted', async () => {
    writeFileSync(join(folder, 'empty'), '');
    assert.equal(
      await why({ config: configWith(join(folder, 'empty')) }),
      "host-key: the key of host2 is not known here: compare it with the host's own, then accept it once with: ssh host2",
    );
  });

  it('each has its own code and sentence', async () => {
    await lab.on('host2', 'useradd -m plain; cp -r /home/oncall/.ssh /home/plain/; chown -R plain: /home/plain');
    assert.deepEqual(
      await Promise.all([
        why({ user: 'nobody-at-all' }),
        why({ port: 23 }),
        why({ address: 'no.such.invalid' }),
        why({ address: '10.77.9.9' }),
        why({ name: '-oProxyCommand=reboot' }),
        why({ user: 'oncall', become: true }),
        why({ user: 'oncall', become: true, password: null }),
        why({ user: 'oncall', become: true, password: 'wrong' }),
        why({ user: 'plain', become: true, password: 'plain' }),
        why({ user: 'oncall', become: true, password: 'oncall' }),
        why({ user: 'oncall', become: false }),
        why({ user: 'root', become: true }),
      ]),
      [
        'auth: host2 let nobody in (it takes: publickey,password): is the key loaded (ssh-add -l), and the user right? Try: ssh host2',
        'unreachable: host2 is up, but nothing answers on its ssh port: is sshd running there, and the port right?',
        'unreachable: no.such.invalid, the address of host2, leads nowhere in DNS',
        'unreachable: there is no way to host2: it is down, or a network or VPN is',
        'unreachable: "-oProxyCommand=reboot" is no name of a host',
        'become: sudo on host2 wants the password of oncall: give it (--ask-become-password), or allow oncall sudo without one',
        'become: sudo on host2 wants the password of oncall, and none was given',
        'become: sudo refused the password of oncall on host2; it was given once, and is not tried again',
        'become: sudo refused the password of plain on host2; it was given once, and is not tried again',
        'uid 0',
        'uid 1000',
        'uid 0',
      ],
    );
    const asked = await lab.on(
      'host2',
      "journalctl -q _COMM=sudo --no-pager | grep -c 'incorrect password\\|authentication failure' || true",
    );
    assert.ok(Number(asked) <= 4, `sudo was asked ${asked} times`);
  });

  it('that has no process slot left says so, at the login and in the middle', async () => {
    const early = hostBy({ user: 'oncall' });
    assert.ok((await early.connect()).ok);
    await early.remote.hold('ulimit -u 1 || ulimit -p 1');
    const later = await early.remote.ask('true', { effect: 'write' });
    assert.deepEqual([later.ok ? 'ok' : later.code, early.remote.lost()], ['no-slots', null]);
    await early.remote.close();
    await lab.on('host2', "echo 'oncall hard nproc 1' >/etc/security/limits.d/few.conf");
    assert.match(await why({ user: 'oncall' }), /^no-slots: host2 cannot start another process: /);
    await lab.on('host2', 'rm /etc/security/limits.d/few.conf');
    assert.equal(await why({ user: 'oncall' }), 'uid 1000');
  });

  const configWith = (known: string): string => {
    const config = `${known}.config`;
    writeFileSync(
      config,
      readFileSync(lab.sshConfig, 'utf8').replace(/UserKnownHostsFile .*/, `UserKnownHostsFile ${known}`),
    );
    return config;
  };
});

describe('a connection over OpenSSH', () => {
  it('answers two hundred questions in their order through one process', async () => {
    const { remote } = hostBy();
    const said: string[] = [];
    for (let i = 0; i < 200; i += 1) {
      const answer = await remote.ask(`echo ${i} $$`, { effect: 'read' });
      said.push(answer.ok ? answer.stdout.toString().trim() : answer.message);
    }
    const pid = said[0]?.split(' ')[1];
    assert.deepEqual(
      said,
      [...said.keys()].map((i) => `${i} ${pid}`),
    );
    await remote.close();
  });

  it('that is closed leaves no ssh process and no socket', async () => {
    const { remote } = hostBy();
    assert.ok((await remote.open('exec sleep 100', { effect: 'write' })).ok);
    assert.equal(sockets().length, 1);
    await remote.close();
    assert.deepEqual(sockets(), []);
    await until('nothing runs over there', async () => (await lab.on('host2', 'pgrep -fx "sleep 100" || true')) === '');
  });

  it('of an engine that is killed leaves nothing running over there, and nothing in the way of the next', async () => {
    const argv = [process.execPath, join(CHECKOUT, 'test/lab/inside/ssh-engine.ts'), 'host2', lab.sshConfig, '4242'];
    const engine = lab.spawn(argv);
    await once(engine.stdout ?? assert.fail(), 'data');
    engine.kill('SIGKILL');
    await until(
      'nothing runs over there',
      async () => (await lab.on('host2', 'pgrep -fx "sleep 4242" || true')) === '',
    );
    const { host, remote } = hostBy();
    assert.equal((await host.machine.facts()).hostname, 'host2');
    await remote.close();
    assert.deepEqual([sockets(), sockets(engine.pid)], [[], []]);
  });

  it('says so where sshd takes no further session on it', async () => {
    await lab.on(
      'host2',
      "echo 'MaxSessions 2' >/etc/ssh/sshd_config.d/few.conf; sed -i /MaxSessions/d /etc/ssh/sshd_config.d/lab.conf; systemctl reload ssh",
    );
    // sshd begins anew: for a moment nothing answers on its port.
    await until('sshd answers', async () => (await lab.on('host2', 'echo up').catch(() => '')).includes('up'));
    const { remote } = hostBy();
    const first = await remote.open('exec sleep 100', { effect: 'read' });
    const second = await remote.open('exec sleep 100', { effect: 'read' });
    assert.deepEqual(
      [first.ok, second.ok ? 'ok' : `${second.code}: ${second.message}`],
      [
        true,
        "no-slots: host2 refuses another session on the connection (sshd's MaxSessions): do fewer things there at once",
      ],
    );
    assert.ok((await remote.ask('true', { effect: 'read' })).ok);
    await remote.close();
    await lab.on('host2', 'rm /etc/ssh/sshd_config.d/few.conf; systemctl reload ssh');
    await until('sshd answers', async () => (await lab.on('host2', 'echo up').catch(() => '')).includes('up'));
  });

  it('ends over there what is not to go on', async () => {
    const { host, remote } = hostBy();
    const script = `trap '' TERM; setsid sh -c 'sleep 4343 &' & setsid sleep 4343 & sleep 4343; sleep 4343`;
    const result = await host.commands.run({ argv: ['sh', '-c', script], effect: 'write', timeout: 500 }, NEVER);
    assert.deepEqual(result.ok && [result.timedOut, result.signal], [true, 'SIGKILL']);
    assert.equal(await lab.on('host2', 'pgrep -fx "sleep 4343" || true'), '');
    await remote.close();
  });

  it('outlives a shell over there that is stopped, with one question', async () => {
    const { remote } = hostBy();
    const stopped = await remote.ask('kill -STOP $$; sleep 1', { effect: 'read', timeout: 800 });
    assert.equal(stopped.ok ? 'ok' : stopped.code, 'timeout');
    const answer = await remote.ask('echo back', { effect: 'read' });
    assert.equal(answer.ok && String(answer.stdout), 'back\n');
    await remote.close();
  });

  it('to a host that is killed is lost in the middle of a write, and the host can be asked once it is back', async () => {
    const { host, remote } = hostBy();
    const run = host.commands.run({ argv: ['sleep', '100'], effect: 'write', timeout: 100_000 }, NEVER);
    await until('it runs', async () => (await lab.on('host2', 'pgrep -fx "sleep 100" || true')) !== '');
    await lab.kill('host2');
    const result = await run;
    assert.deepEqual([result.ok ? 'ran' : result.code, remote.lost()?.code], ['lost', 'lost']);
    const dead = await remote.ask('true', { effect: 'read' });
    assert.deepEqual([dead.ok ? 'ok' : dead.code], ['unreachable']);
    await lab.start('host2');
    await until('it can be asked', async () => (await remote.ask('true', { effect: 'read' })).ok);
    const answer = await remote.ask('hostname', { effect: 'read' });
    assert.equal(answer.ok ? String(answer.stdout) : answer.message, 'host2\n');
    assert.equal(remote.lost()?.code, 'lost');
    const refused = await host.commands.run({ argv: ['true'], effect: 'write', timeout: 1000 }, NEVER);
    assert.equal(refused.ok ? 'ran' : refused.code, 'lost');
    await remote.close();
  });

  it('gives what a command printed, and its own environment to no command', async () => {
    const { host, remote } = hostBy({ user: 'oncall', become: true, password: 'oncall' });
    const result = await host.commands.run(
      {
        argv: ['sh', '-c', 'env | sort; cat /proc/*/cmdline 2>/dev/null | grep -c "on[c]all-token"'],
        env: { TOKEN: 'oncall-token' },
        effect: 'read',
        timeout: 5000,
      },
      NEVER,
    );
    assert.ok(result.ok, JSON.stringify(result));
    assert.match(
      capturedText(result.stdout),
      /^FIREBREAK_COMMAND=[0-9a-f.]+\nPATH=\/usr\/local\/sbin:\/usr\/local\/bin:\/usr\/sbin:\/usr\/bin:\/sbin:\/bin\n(PWD=\/\n)?TOKEN=oncall-token\n0\n$/,
    );
    await remote.close();
  });

  /** Of one process: other runs on this machine have theirs in the same place. */
  const sockets = (pid = process.pid): readonly string[] =>
    existsSync('/run/firebreak') ? readdirSync('/run/firebreak').filter((name) => name.startsWith(`ssh-${pid}-`)) : [];
});
