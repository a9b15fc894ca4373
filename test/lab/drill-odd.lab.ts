import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CHECKOUT } from '../support/lab/lab.ts';

/**
 * Whole drills on machines with odd habits, which takes root to build: each ends in the verdict, or in exit 69 with a
 * sentence that is true.
 */
const work = mkdtempSync(join(tmpdir(), 'firebreak-drill-odd-'));
after(() => rmSync(work, { recursive: true, force: true }));

interface Odd {
  readonly title: string;
  /** Shell, in a mount namespace of its own, before the drill; $D is an empty folder. */
  readonly machine: string;
  readonly plain?: boolean;
  /** What the last lines of stderr say; absent: it holds. */
  readonly says?: RegExp;
}

const NO_FOLDER =
  /^drill: cannot be built: no temporary folder will do: TMPDIR runs no program \(is it mounted noexec\?\); \/tmp runs no program \(is it mounted noexec\?\); \/var\/tmp takes no folder; \/dev\/shm takes no folder; HOME is no folder\. Set TMPDIR to a folder in which programs may run\ndrill: over, and nothing of it is left\n$/;

const MACHINES: readonly Odd[] = [
  {
    title: 'a TMPDIR that is mounted noexec',
    machine: 'mount -t tmpfs -o noexec odd "$D"; export TMPDIR="$D"',
    plain: true,
  },
  {
    title: 'a TMPDIR that is mounted read-only',
    machine: 'mount -t tmpfs -o ro odd "$D"; export TMPDIR="$D"',
    plain: true,
  },
  { title: 'a TMPDIR that is full', machine: 'mount -t tmpfs -o size=64k odd "$D"; export TMPDIR="$D"', plain: true },
  {
    title: 'a TMPDIR that is nearly full',
    machine: 'mount -t tmpfs -o size=1m odd "$D"; export TMPDIR="$D"',
    plain: true,
    says: /\ndrill: cannot be built: \S+ takes no more than \d+ files of 1700: it has no room\. Set TMPDIR to a folder with 8 MiB and 2 000 inodes free\ndrill: over, and nothing of it is left\n$/,
  },
  {
    title: 'no folder in which a program runs',
    machine:
      'mount -t tmpfs -o noexec odd "$D"; mount --bind "$D" /tmp; mount -t tmpfs -o ro odd /var/tmp; mount -t tmpfs -o ro odd /dev/shm; export TMPDIR=/tmp HOME=/none',
    plain: true,
    says: NO_FOLDER,
  },
  { title: 'umask 777', machine: 'umask 777' },
  { title: 'umask 777, without namespaces', machine: 'umask 777', plain: true },
  { title: 'a soft limit of 20 open files', machine: 'ulimit -S -n 20' },
  { title: 'stdin, stdout and stderr closed', machine: 'exec <&- >&- 2>&-' },
  { title: 'an empty PATH', machine: 'PATH=' },
];

async function drillOn({ machine, plain }: Odd) {
  const folder = mkdtempSync(join(work, 'machine-'));
  const script = `D=$1; mount --make-rprivate /; ${machine}; exec "$2" drill cron-mail-storm`;
  const child = spawn('unshare', ['--mount', 'sh', '-c', script, 'odd', folder, join(CHECKOUT, 'bin/firebreak')], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', ...(plain && { FIREBREAK_DRILL: 'plain' }) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (data) => (stderr += data));
  const [code] = await once(child, 'close');
  return { code: code as number | null, stderr };
}

for (const odd of MACHINES) {
  test(`a drill with ${odd.title} ${odd.says ? 'says in one sentence why it cannot be built' : 'holds'}`, {
    timeout: 90_000,
  }, async () => {
    const { code, stderr } = await drillOn(odd);
    assert.equal(code, odd.says ? 69 : 0, stderr);
    if (odd.says)
      assert.match(
        stderr
          .split('\n')
          .slice(1)
          .join('\n')
          .replace(/^/, odd.says === NO_FOLDER ? '' : '\n'),
        odd.says,
      );
  });
}

/** cgroup v1, then v2. */
const MEMORY = [
  { mount: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
  { mount: '/sys/fs/cgroup', limit: 'memory.max' },
].find(({ mount }) => existsSync(join(mount, 'cgroup.procs')));

test('in a control group with too little memory a drill, and below that anything, says so and does nothing: exit 69', (t) => {
  assert.ok(MEMORY, 'no memory cgroup is mounted');
  const group = join(MEMORY.mount, `firebreak-lab-${process.pid}`);
  const limit = join(group, MEMORY.limit);
  mkdirSync(group);
  t.after(() => rmdirSync(group));
  const under = (mebibytes: number, command: readonly string[]) => {
    writeFileSync(limit, `${mebibytes}M`);
    const script = 'echo $$ >"$0/cgroup.procs" && exec "$@"';
    const { status, stderr } = spawnSync('sh', ['-c', script, group, join(CHECKOUT, 'bin/firebreak'), ...command], {
      encoding: 'utf8',
    });
    return [status, stderr];
  };
  assert.deepEqual(under(64, ['list']), [0, '']);
  assert.deepEqual(under(64, ['drill', 'cron-mail-storm']), [
    69,
    'drill: cannot be built: it needs 128 MiB of memory, and the control group here is allowed 64. Nothing was done\n',
  ]);
  assert.deepEqual(under(40, ['list']), [
    69,
    'firebreak: only 40 MiB of memory are allowed here, and Firebreak needs 52: the kernel would kill it. Nothing was done.\n' +
      `firebreak:   ${limit} is ${40 << 20}.\n` +
      'firebreak: Give it room there, or start it from another control group (a login of its own). Where this is wrong: FIREBREAK_SLOTS=3 firebreak ...\n',
  ]);
});
