import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/hosts/programs.ts';

/**
 * The rig alone: in place of `firebreak run` stands a script that looks around. What a real run does in it is
 * test/lab/drill.lab.ts.
 */
const root = join(import.meta.dirname, '../..');
const folder = join(root, 'runbooks/cron-mail-storm.drill');
const work = mkdtempSync(join(tmpdir(), 'firebreak-drill-test-'));
chmodSync(work, 0o755);
after(() => rmSync(work, { recursive: true }));

const STARTER = join(work, 'starter.ts');
writeFileSync(
  STARTER,
  `import { drill } from ${JSON.stringify(join(root, 'src/operations/drill.ts'))};
import { processInterrupts } from ${JSON.stringify(join(root, 'src/wiring/interrupts.ts'))};
const [launcher, plain] = process.argv.slice(2);
process.exitCode = await drill(
  { runbook: 'cron-mail-storm', folder: ${JSON.stringify(folder)}, launcher, attended: false, plain: plain === 'plain', env: process.env },
  { say: (text) => console.error('drill: ' + text), interrupts: processInterrupts((signal, heard) => process.on(signal, heard)) },
);`,
);

/** What stands in for the run: gets the very arguments, sees the very processes. */
function stub(name: string, script: string): string {
  const path = join(work, name);
  writeFileSync(
    path,
    `#!/bin/sh\nfor word; do case $word in spool=*) scene=\${word#spool=}; scene=\${scene%/var/maildrop} ;; esac; done\n${script}\n`,
  );
  chmodSync(path, 0o755);
  return path;
}

const LOOK = `
names() { for comm in /proc/[0-9]*/comm; do read -r name 2>/dev/null <"$comm" && echo "$name"; done | sort | uniq -c | awk '{ print $2 "=" $1 }'; }
echo "args $*" | sed -E "s,$scene,SCENE,g; s/f[0-9A-Za-z]{4}-(cron|sendmail|postdrop)/OWN-\\1/g"
own=$(echo "$*" | sed -nE 's/.*(f[0-9A-Za-z]{4}-)sendmail.*/\\1/p')
names | grep -E "^$own(sendmail|postdrop)=([89]|[1-9][0-9])$" | sed -E "s/=.*/ hang/; s/^$own(.)/\${own:+OWN-}\\1/"
echo "free $(stat -f -c %d "$scene/var/maildrop") of $(ls "$scene/var/maildrop" | wc -l)"
"$scene/bin/crontab" -l | "$scene/bin/crontab" - 2>/dev/null; echo "crontab $?"
"$scene/init/drill-cron" status; echo "cron $?"
"$scene/init/drill-mail" status; echo "mail $?"
"$scene/init/drill-cron" stop; "$scene/init/drill-cron" status; echo "stopped $?"
"$scene/init/drill-cron" start; "$scene/init/drill-cron" status; echo "started $?"
printf 'MAILTO=\\n* * * * * true\\n' | "$scene/bin/crontab" -T - 2>&1 | sed "s,$scene,SCENE,g"
exit 42`;

interface Started {
  readonly marker: string;
  readonly temporary: string;
  readonly pid: number;
  readonly over: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
  readonly stderrHas: (text: string) => Promise<void>;
}

interface Odd {
  /** What the shell does that starts it. */
  readonly first?: string;
  readonly env?: Readonly<Record<string, string>>;
}

function start(launcher: string, kind: 'plain' | 'namespaces', { first = ':', env = {} }: Odd = {}): Started {
  const marker = `FIREBREAK_DRILL_TEST=${kind}-${launcher}`;
  const [name = '', value = ''] = marker.split('=');
  const temporary = mkdtempSync(join(work, 'tmp-'));
  const child = spawn('/bin/sh', ['-c', `${first}; exec "$0" "$@"`, process.execPath, STARTER, launcher, kind], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', TMPDIR: temporary, DRILL_MINUTE: '0.5', [name]: value, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (data) => (text.stdout += data));
  child.stderr.setEncoding('utf8').on('data', (data) => (text.stderr += data));
  return {
    marker,
    temporary,
    pid: child.pid ?? 0,
    over: once(child, 'close').then(([code]) => ({ code, ...text })),
    stderrHas: (wanted) => eventually(() => text.stderr.includes(wanted)),
  };
}

/** Processes that carry the marker in their environment, as everything does that a drill starts. */
function leftOver(marker: string): readonly string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      const environ = readFileSync(`/proc/${pid}/environ`, 'utf8');
      return environ.split('\0').includes(marker)
        ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')]
        : [];
    } catch {
      return [];
    }
  });
}

async function nothingLeft({ marker, temporary }: Started): Promise<void> {
  for (let tries = 0; tries < 600 && leftOver(marker).length + readdirSync(temporary).length > 0; tries += 1)
    await sleep(100);
  assert.deepEqual(
    [leftOver(marker), readdirSync(temporary), readdirSync(join(folder, 'scene'))],
    [[], [], ['README.md']],
  );
}

const params = (names: { cron: string; mailers: string }) =>
  `--param spool=SCENE/var/maildrop --param watch=8s --param ticks=2 --param cron_services=SCENE/init/drill-cron --param cron_daemons=${names.cron} ` +
  `--param mail_service=SCENE/init/drill-mail --param mailer_names=${names.mailers} --param crontabs=SCENE/var/crontabs ` +
  '--param system_crontabs=SCENE/var/etc/crontab --param crontab_command=SCENE/bin/crontab';

describe('the drill', { concurrency: 4 }, () => {
  test('without namespaces: real processes under names no service has; the exit code is the run’s and nothing is left', async () => {
    const drill = start(stub('look-plain', LOOK), 'plain');
    const { code, stdout, stderr } = await drill.over;
    assert.deepEqual(
      [
        code,
        ...stdout
          .trim()
          .split('\n')
          .filter((line) => !line.startsWith('free')),
      ],
      [
        42,
        `args run cron-mail-storm --unattended --policy ${folder}/policy.yaml ${params({ cron: 'OWN-cron', mailers: 'OWN-sendmail,OWN-postdrop' })} --param inodes_free=100% --param inodes_after=0%`,
        'OWN-postdrop hang',
        'OWN-sendmail hang',
        'crontab 0',
        'cron 0',
        'mail 3',
        'stopped 3',
        'started 0',
        '"-":1: bad minute',
        "errors in crontab file, can't install.",
      ],
    );
    assert.match(stderr, /^drill: without namespaces \(as asked\): real processes/);
    await nothingLeft(drill);
  });

  test('with namespaces, where the machine gives them: no inode is free, nothing installs a crontab, and nothing is left', async () => {
    const drill = start(stub('look-namespaces', LOOK), 'namespaces');
    const { code, stdout, stderr } = await drill.over;
    const lines = stdout.trim().split('\n');
    assert.equal(code, 42, stderr);
    if (stderr.includes('in namespaces of its own')) {
      assert.equal(
        lines[0],
        `args run cron-mail-storm --unattended --policy ${folder}/policy.yaml ${params({ cron: 'cron', mailers: 'sendmail,postdrop' })}`,
      );
      assert.deepEqual(lines.slice(1, 3), ['postdrop hang', 'sendmail hang']);
      assert.match(lines[3] ?? '', /^free 0 of 169\d$/);
      assert.deepEqual(lines.slice(4, 9), ['crontab 1', 'cron 0', 'mail 3', 'stopped 3', 'started 0']);
    } else {
      assert.match(stderr, /without namespaces \(\S/, 'it says which kind it got, and why');
      assert.deepEqual(lines.slice(1, 3), ['OWN-postdrop hang', 'OWN-sendmail hang']);
    }
    await nothingLeft(drill);
  });

  for (const kind of ['plain', 'namespaces'] as const) {
    test(`killed from outside by SIGKILL in the middle, it leaves nothing behind (${kind})`, async () => {
      const drill = start(stub(`hang-${kind}`, 'echo here >&2; sleep 600'), kind);
      await drill.stderrHas('here');
      process.kill(drill.pid, 'SIGKILL');
      await nothingLeft(drill);
    });

    test(`SIGTERM reaches the run, and the drill ends with the run's own exit code (${kind})`, async () => {
      const run = join(work, `run-${kind}.ts`);
      writeFileSync(
        run,
        "process.on('SIGTERM', () => process.exit(130)); setTimeout(() => {}, 600_000); console.error('here');",
      );
      const drill = start(stub(`term-${kind}`, `exec ${process.execPath} ${run}`), kind);
      await drill.stderrHas('here');
      process.kill(drill.pid, 'SIGTERM');
      const { code, stderr } = await drill.over;
      assert.deepEqual([code, /over, and nothing of it is left/.test(stderr)], [130, true]);
      await nothingLeft(drill);
    });
  }

  /** A machine with habits of its own: the drill is built all the same, and the code is the run's. */
  const HABITS: readonly (readonly [title: string, odd: Odd])[] = [
    ['under umask 777', { first: 'umask 777' }],
    ['with an empty PATH', { env: { PATH: '' } }],
    ['with a TMPDIR that is not there', { env: { TMPDIR: '/nowhere/at/all' } }],
    [
      'with a TMPDIR whose name means something to a shell',
      { first: 'mkdir -p "$TMPDIR/o\'d \\\\ \\$x" && TMPDIR="$TMPDIR/o\'d \\\\ \\$x"; export TMPDIR' },
    ],
    ['with no HOME', { first: 'unset HOME' }],
    ['with stdin closed', { first: 'exec <&-' }],
  ];
  for (const [title, odd] of HABITS) {
    for (const kind of ['plain', 'namespaces'] as const) {
      test(`${title} it is built all the same (${kind})`, async () => {
        const drill = start(stub(`short-${kind}-${HABITS.findIndex(([one]) => one === title)}`, 'exit 42'), kind, odd);
        const { code, stderr } = await drill.over;
        assert.deepEqual([code, / ([89]|[1-9]\d) postdrop hang/.test(stderr)], [42, true], stderr);
        assert.deepEqual(leftOver(drill.marker), []);
      });
    }
  }

  test('if no folder can be used it tells the reason for each and that nothing is left: exit 69', async () => {
    const script = join(work, 'no-folder.sh');
    const text = readFileSync(join(folder, 'drill.sh'), 'utf8').replace(
      'place_in /tmp /tmp || place_in /var/tmp /var/tmp || place_in /dev/shm /dev/shm',
      'place_in /proc /proc',
    );
    writeFileSync(script, text);
    const child = spawn('/bin/sh', [script, 'plain', folder, 'true'], {
      env: { PATH: '', TMPDIR: '/nowhere', HOME: '/dev/null' },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (data) => (stderr += data));
    const [code] = await once(child, 'close');
    assert.deepEqual(
      [code, stderr],
      [
        69,
        'drill: cannot be built: no temporary folder will do: TMPDIR is no folder; /proc takes no folder; HOME is no folder. Set TMPDIR to a folder in which programs may run\n',
      ],
    );
  });

  test('with less memory than two of us and the incident need it is not begun: exit 69', async () => {
    const { code, stderr } = await start(stub('never', 'exit 42'), 'plain', {
      env: { FIREBREAK_MEMORY: String(64 << 20) },
    }).over;
    assert.deepEqual(
      [code, stderr],
      [
        69,
        'drill: cannot be built: it needs 128 MiB of memory, and the control group here is allowed 64. Nothing was done\n',
      ],
    );
  });

  test('a run that the kernel kills does not count as interrupted: exit 69 with the reason', async () => {
    const { code, stderr } = await start(stub('killed', 'kill -KILL $$'), 'plain').over;
    assert.equal(code, 69);
    assert.match(
      stderr,
      /its run did not end, but was ended by signal 9; the kernel does that where memory is short, and then says so in its log \(dmesg\)\n$/,
    );
  });
});
