import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openrcInit } from '../../../src/hosts/local/init-openrc.ts';
import { systemdInit } from '../../../src/hosts/local/init-systemd.ts';
import { type CommandRequest, type Commands, failure } from '../../../src/model/host.ts';
import { littleDaemon, MAY_BE_ANOTHER } from '../../support/hosts/daemon.ts';

/** A root folder with these files; a value that starts with `->` is a link. */
function rootWith(test: TestContext, files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'firebreak-init-'));
  test.after(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(root + path), { recursive: true });
    if (content.startsWith('->')) symlinkSync(content.slice(2).replace(/^ROOT/, root), root + path);
    else writeFileSync(root + path, content);
  }
  return root;
}

/** systemctl, as it answers `show`. */
function systemctl(answers: Readonly<Record<string, string>>, asked: string[] = []): Commands {
  return {
    which: async () => '/usr/bin/systemctl',
    run: async ({ argv }: CommandRequest) => {
      asked.push(argv.join(' '));
      const out = answers[argv.at(-1) ?? ''] ?? '';
      const captured = { head: out, tail: '', dropped: 0 };
      return {
        ok: true,
        exit: 0,
        signal: null,
        timedOut: false,
        stdout: captured,
        stderr: { head: '', tail: '', dropped: 0 },
        took: 1,
      };
    },
  };
}

const CRON_UNIT = '[Service]\nExecStart=/usr/sbin/cron -f\n[Install]\nWantedBy=multi-user.target\n';
const show = (active: string, sub: string, more = ''): string =>
  `LoadState=loaded\nActiveState=${active}\nSubState=${sub}\n${more}`;

describe('systemd', () => {
  it('knows a service that does not exist by its unit files, without a fork', async (test) => {
    const asked: string[] = [];
    const state = await systemdInit(
      systemctl({}, asked),
      rootWith(test, { '/lib/systemd/system/x.service': '' }),
    ).state('cron');
    assert.deepEqual([state.exists, asked], [false, []]);
  });

  it('asks systemctl show since when a service has been stopped', async (test) => {
    const root = rootWith(test, { '/lib/systemd/system/cron.service': CRON_UNIT });
    const answers = { 'cron.service': show('inactive', 'dead', 'MainPID=0\nInactiveEnterTimestamp=@1700000000\n') };
    const state = await systemdInit(systemctl(answers), root).state('cron');
    assert.deepEqual(state, {
      name: 'cron',
      exists: true,
      manager: 'systemd',
      enabled: false,
      state: 'stopped',
      pid: null,
      since: 1_700_000_000_000,
    });
  });

  it('tells enabled from links, an alias by the unit behind it, a static unit not at all', async (test) => {
    const root = rootWith(test, {
      '/lib/systemd/system/cron.service': CRON_UNIT,
      '/lib/systemd/system/static.service': '[Service]\nExecStart=/bin/x\n',
      '/etc/systemd/system/crond.service': '->ROOT/lib/systemd/system/cron.service',
      '/etc/systemd/system/multi-user.target.wants/cron.service': '->ROOT/lib/systemd/system/cron.service',
      '/etc/systemd/system/masked.service': '->/dev/null',
    });
    const asked: string[] = [];
    const init = systemdInit(systemctl({ 'cron.service': show('failed', 'failed') }, asked), root);
    const [alias, unlinked, masked] = await Promise.all(['crond', 'static', 'masked'].map((name) => init.state(name)));
    assert.deepEqual([alias?.enabled, alias?.state, unlinked?.enabled, masked?.enabled], [true, 'failed', null, false]);
    assert.ok(asked[0]?.endsWith('-- cron.service'));
  });

  it("looks at the instances behind Debian's postfix.service, which itself is only /bin/true", async (test) => {
    const root = rootWith(test, {
      '/lib/systemd/system/postfix.service': '[Service]\nType=oneshot\nExecStart=/bin/true\n[Install]\n',
      '/lib/systemd/system/postfix@.service': '[Service]\nExecStart=/usr/sbin/postmulti\n',
    });
    const answers = {
      'postfix.service': show('active', 'exited'),
      'postfix@*.service': show('failed', 'failed', 'MainPID=0\n'),
    };
    assert.equal((await systemdInit(systemctl(answers), root).state('postfix')).state, 'failed');
  });

  it('finds an instance by its template', async (test) => {
    const root = rootWith(test, { '/lib/systemd/system/getty@.service': '[Service]\nExecStart=/sbin/agetty\n' });
    const state = await systemdInit(
      systemctl({ 'getty@tty1.service': show('active', 'running', 'MainPID=77\n') }),
      root,
    ).state('getty@tty1');
    assert.deepEqual([state.exists, state.state, state.pid], [true, 'running', 77]);
  });

  it('does not take processes that a stopped cron left in its cgroup for cron', async (test) => {
    const root = rootWith(test, {
      '/lib/systemd/system/cron.service': CRON_UNIT,
      '/sys/fs/cgroup/system.slice/cron.service/cgroup.procs': `${process.pid}\n`,
    });
    const answers = { 'cron.service': show('inactive', 'dead') };
    assert.equal((await systemdInit(systemctl(answers), root).state('cron')).state, 'stopped');
  });

  it('takes root’s own daemon in its cgroup for cron, and no user’s job there that runs the same program', {
    skip: !MAY_BE_ANOTHER,
  }, async (test) => {
    const { folder } = littleDaemon(test);
    chmodSync(folder, 0o755);
    execFileSync('mkfifo', ['-m', '666', `${folder}/wait`]);
    const pidOf = (...as: readonly string[]): number => {
      const argv = [
        ...as,
        'setsid',
        '-f',
        `${folder}/littled`,
        '-c',
        `echo $$; exec >/dev/null; read line <${folder}/wait`,
      ];
      const pid = Number(execFileSync(argv[0] ?? '', argv.slice(1), { stdio: ['ignore', 'pipe', 'ignore'] }));
      test.after(() => process.kill(pid, 'SIGKILL'));
      return pid;
    };
    const [theirs, roots] = [pidOf('setpriv', '--reuid=1001', '--regid=1001', '--clear-groups'), pidOf('env')];
    for (const [pid, state] of [
      [theirs, 'stopped'],
      [roots, 'running'],
    ] as const) {
      const root = rootWith(test, {
        '/lib/systemd/system/cron.service': `[Service]\nExecStart=${folder}/littled\n`,
        '/sys/fs/cgroup/system.slice/cron.service/cgroup.procs': `${pid}\n`,
      });
      const answers = { 'cron.service': show('inactive', 'dead') };
      assert.equal((await systemdInit(systemctl(answers), root).state('cron')).state, state);
    }
  });

  it('says unknown, and why, where systemctl cannot be run', async (test) => {
    const root = rootWith(test, { '/lib/systemd/system/cron.service': CRON_UNIT });
    const forkless: Commands = { which: async () => null, run: async () => failure('EAGAIN', 'no process slot') };
    const state = await systemdInit(forkless, root).state('cron');
    assert.deepEqual([state.exists, state.state, state.reason], [true, 'unknown', 'no process slot']);
  });
});

describe('OpenRC', () => {
  const script = (more = ''): string => `#!/sbin/openrc-run\n${more}`;

  it('keeps the state as links', async (test) => {
    const root = rootWith(test, {
      '/etc/init.d/a': script(),
      '/etc/init.d/b': script(),
      '/etc/init.d/c': script('command=/no/such/daemon\npidfile=/run/firebreak-no-such.pid\n'),
      '/etc/init.d/d': script(),
      '/etc/runlevels/default/a': '->/etc/init.d/a',
      '/run/openrc/started/a': '->/etc/init.d/a',
      '/run/openrc/started/c': '->/etc/init.d/c',
      '/run/openrc/failed/d': '->/etc/init.d/d',
    });
    const states = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => openrcInit(root).state(name)));
    assert.deepEqual(
      states.map(({ exists, state, enabled }) => [exists, state, enabled]),
      [
        [true, 'running', true],
        [true, 'stopped', false],
        [true, 'failed', false],
        [true, 'failed', false],
        [false, 'unknown', null],
      ],
    );
    assert.deepEqual(openrcInit(root).command('a', 'stop'), ['rc-service', 'a', 'stop']);
  });
});
