import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type DaemonAbout, daemonAbout } from '../../../src/hosts/linux/daemon-about.ts';
import { type PidFile, type Sight, searchDaemon } from '../../../src/hosts/linux/main-process.ts';
import { type PidFileEntry, prefixesOf, writerOf } from '../../../src/hosts/linux/pid-file.ts';

interface Made {
  readonly pid: number;
  readonly comm?: string;
  readonly exe?: string;
  readonly args?: readonly string[];
  readonly real?: number;
  readonly session?: number;
  readonly ppid?: number;
  readonly elsewhere?: boolean;
  /** Epoch milliseconds. */
  readonly started?: number;
}

const BOOT = 1_000_000;
const IN_TIME = BOOT + 60_000;

function sightOf(
  made: readonly Made[],
  files: Readonly<Record<string, Partial<PidFile> & { readonly pid: number }>> = {},
): Sight {
  const by = new Map(made.map((each) => [each.pid, each]));
  const stat = ({ pid, comm = 'app', session = pid, ppid = 1, started = IN_TIME }: Made) => {
    return { pid, comm, session, ppid, state: 'S', kernel: false, minflt: 0, cminflt: 0, start: started };
  };
  return {
    pidIn: (path) => (files[path] === undefined ? null : { by: 0, free: false, written: IN_TIME, ...files[path] }),
    stat: (pid) => (by.has(pid) ? stat(by.get(pid) as Made) : null),
    exe: (pid) => by.get(pid)?.exe ?? '/usr/sbin/app',
    args: (pid) => by.get(pid)?.args ?? [],
    status: (pid) => {
      const { real = 0, elsewhere = false } = by.get(pid) ?? {};
      return by.has(pid) ? { uid: 0, real, elsewhere } : undefined;
    },
    all: () => made.map(stat),
    realPath: (path) => path,
    isScript: (path) => path.endsWith('.py'),
    ids: (users) => new Set(users.flatMap((user) => (user === 'app' ? [998] : []))),
    startedAt: ({ start }) => start,
    bootTime: BOOT,
  };
}

const APP = 'DAEMON=/usr/sbin/app\nPIDFILE=/run/app.pid\n';
const CRON = 'DAEMON=/usr/sbin/cron\nPIDFILE=/run/crond.pid\n';

function found(about: DaemonAbout, ...[made, files]: Parameters<typeof sightOf>) {
  const { main, named, doubt, strangers } = searchDaemon(about, sightOf(made, files));
  return { main: main?.pid ?? null, named: named?.pid ?? null, doubt, strangers: strangers.map(({ pid }) => pid) };
}

const NOBODY = { main: null, named: null, doubt: null, strangers: [] };

describe('the main process of a daemon', () => {
  const cron = daemonAbout(CRON, 'cron');
  const app = daemonAbout(APP, 'app');
  const theirs = { pid: 50, comm: 'cron', exe: '/usr/sbin/cron', real: 1001 };

  it('is root’s: of two session leaders with its program the other user’s is only named', () => {
    assert.deepEqual(found(cron, [theirs]), { ...NOBODY, strangers: [50] });
    assert.deepEqual(found(cron, [theirs, { ...theirs, pid: 60, real: 0 }]), { ...NOBODY, main: 60 });
  });

  it('is not a system account’s if the daemon is always root’s, and unknown if the daemon may have given up its rights', () => {
    assert.deepEqual(found(cron, [{ ...theirs, real: 33 }]), { ...NOBODY, strangers: [50] });
    assert.deepEqual(found(app, [{ pid: 50, real: 33 }]), {
      ...NOBODY,
      strangers: [50],
      doubt: 'pid 50 of user 33 runs its program, and no pid file names it',
    });
    assert.deepEqual(found(app, [{ pid: 50, real: 1001 }]), { ...NOBODY, strangers: [50] });
  });

  it('belongs to the user that its script names', () => {
    for (const line of [
      'DAEMON_USER=app\n',
      'start-stop-daemon --chuid app:app --exec $DAEMON\n',
      'daemon --user=app $DAEMON\n',
    ]) {
      assert.equal(found(daemonAbout(APP + line, 'app'), [{ pid: 50, real: 998 }]).main, 50, line);
    }
  });

  it('is the process in root’s pid file, even without root’s rights, unless it started after the file was written', () => {
    const files = { '/run/app.pid': { pid: 50 } };
    assert.equal(found(app, [{ pid: 50, real: 33 }], files).main, 50);
    assert.equal(found(app, [{ pid: 50, real: 33, started: IN_TIME + 60_000 }], files).main, null);
    assert.equal(found(cron, [theirs], { '/run/crond.pid': { pid: 50 } }).main, null);
  });

  it('cannot be told where root’s pid file is older than the boot: the clock may have been set', () => {
    const { main, doubt } = found(app, [{ pid: 50, real: 33 }], {
      '/run/app.pid': { pid: 50, written: BOOT - 60_000 },
    });
    assert.deepEqual([main, doubt], [null, 'its pid file is older than the boot, and names pid 50, which lives']);
  });

  it('is the process in a pid file that only its own user can have written', () => {
    const file = { pid: 50, by: 33 };
    assert.equal(found(app, [{ pid: 50, real: 33 }], { '/run/app.pid': file }).main, 50);
    assert.equal(found(app, [{ pid: 50, real: 1001 }], { '/run/app.pid': file }).main, null);
    assert.equal(found(app, [{ pid: 50, real: 33 }], { '/run/app.pid': { ...file, free: true } }).main, null);
  });

  it('is never taken from a pid file that anybody can have written, not even for a process of root’s', () => {
    for (const by of [null, 1001])
      assert.equal(found(app, [{ pid: 50, session: 9 }], { '/run/app.pid': { pid: 50, by } }).main, null);
  });

  it('is in no container', () => {
    const files = { '/run/app.pid': { pid: 50 } };
    assert.deepEqual(found(app, [{ pid: 50, elsewhere: true }], files), NOBODY);
  });

  it('is not every process of an interpreter', () => {
    const about = daemonAbout('DAEMON=/usr/bin/python3\nDAEMON_ARGS=/opt/app.py\nPIDFILE=/run/app.pid\n', 'app');
    assert.equal(about.certain, false);
    assert.deepEqual(found(about, [{ pid: 50, comm: 'python3', exe: '/usr/bin/python3' }]), NOBODY);
    assert.equal(
      found(about, [{ pid: 50, comm: 'python3', exe: '/usr/bin/python3' }], { '/run/app.pid': { pid: 50 } }).named,
      50,
    );
  });

  it('is found by the script that an interpreter runs', () => {
    const about = daemonAbout('DAEMON=/opt/app.py\nPIDFILE=/run/app.pid\n', 'app');
    const python = { comm: 'python3', exe: '/usr/bin/python3' };
    assert.equal(found(about, [{ pid: 50, ...python, args: ['python3', '/opt/app.py'] }]).main, 50);
    assert.deepEqual(
      found(about, [{ pid: 50, ...python, args: ['python3', '/opt/app.py'], real: 1001 }]).strangers,
      [50],
    );
    assert.deepEqual(found(about, [{ pid: 50, ...python, args: ['python3', '/opt/other.py'] }]), NOBODY);
  });
});

describe('who can have written a pid file', () => {
  const folder = (uid: number, mode: number): PidFileEntry => ({ uid, mode: 0o040000 | mode });
  const file = (uid: number, mode = 0o644): PidFileEntry => ({ uid, mode: 0o100000 | mode });
  const ROOTS = [folder(0, 0o755), folder(0, 0o755)];
  const rows: readonly (readonly [
    string,
    PidFileEntry,
    readonly PidFileEntry[],
    { readonly by: number | null; readonly free: boolean },
  ])[] = [
    ['root', file(0), ROOTS, { by: 0, free: false }],
    ['its user, in his own folder', file(33), [...ROOTS, folder(33, 0o755)], { by: 33, free: false }],
    ['its user, in a group’s folder that is his', file(33), [...ROOTS, folder(33, 0o2775)], { by: 33, free: false }],
    ['nobody knows: everybody writes the file', file(0, 0o666), ROOTS, { by: null, free: false }],
    ['nobody knows: a group’s folder', file(33), [...ROOTS, folder(0, 0o775)], { by: null, free: false }],
    [
      'nobody knows: another’s folder above',
      file(33),
      [folder(0, 0o755), folder(1001, 0o755)],
      { by: null, free: false },
    ],
    [
      'root’s in the folder for everybody is root’s',
      file(0),
      [folder(0, 0o755), folder(0, 0o1777)],
      { by: 0, free: false },
    ],
    [
      'another’s in the folder for everybody is whoever came first',
      file(33),
      [folder(0, 0o1777)],
      { by: 33, free: true },
    ],
    ['nobody knows: everybody’s folder without the sticky bit', file(0), [folder(0, 0o777)], { by: null, free: false }],
  ];
  for (const [who, entry, folders, wanted] of rows) it(who, () => assert.deepEqual(writerOf(entry, folders), wanted));

  it('every folder above counts', () => {
    assert.deepEqual(prefixesOf('/run/app/x'), ['/', '/run', '/run/app', '/run/app/x']);
    assert.deepEqual(prefixesOf('/'), ['/']);
  });
});
