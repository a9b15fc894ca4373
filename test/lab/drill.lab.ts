import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHECKOUT } from '../support/lab/lab.ts';
import { inOwnPlaces } from '../support/lab/own-places.ts';

/** The README's first command, whole: with and without a terminal, as root and as an ordinary user, of both kinds. */
const FIREBREAK = join(CHECKOUT, 'bin/firebreak');
const NOBODY = 65534;
const work = mkdtempSync(join(tmpdir(), 'firebreak-drill-lab-'));
after(() => rmSync(work, { recursive: true }));

interface Case {
  readonly user: 'root' | 'an ordinary user';
  readonly kind: 'namespaces' | 'plain';
}
const CASES: readonly Case[] = [
  { user: 'root', kind: 'namespaces' },
  { user: 'an ordinary user', kind: 'namespaces' },
  { user: 'root', kind: 'plain' },
  { user: 'an ordinary user', kind: 'plain' },
];

function start(
  argv: readonly string[],
  { user, kind }: Case,
  home: string,
  heard: (text: string, pid: number) => void = () => {},
) {
  const as = user === 'root' ? {} : { uid: NOBODY, gid: NOBODY };
  // What a drill is given it passes on to its run, which has a scene; whoever asks for the runs of before has none.
  const mounted = user === 'root' && argv[1] !== 'drill' && argv[0] === FIREBREAK;
  const own = mounted ? inOwnPlaces(join(home, 'state'), argv).argv : argv;
  const [program = '', ...args] = own;
  const env = {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: home,
    TMPDIR: join(home, 'tmp'),
    ...(!mounted && { FIREBREAK_STATE: join(home, 'state') }),
    TERM: 'xterm',
    ...(kind === 'plain' && { FIREBREAK_DRILL: 'plain' }),
  };
  const child = spawn(program, args, { ...as, env, cwd: home, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (data) => {
      text += data;
      if (child.pid !== undefined) heard(text, child.pid);
    });
  }
  return once(child, 'close').then(([code]) => ({ code: code as number | null, text }));
}

function homeFor({ user }: Case): string {
  const home = mkdtempSync(join(work, 'home-'));
  if (user !== 'root') chownSync(work, NOBODY, NOBODY);
  mkdirSync(join(home, 'tmp'));
  for (const path of user === 'root' ? [] : [home, join(home, 'tmp')]) chownSync(path, NOBODY, NOBODY);
  return home;
}

/**
 * A second process's eye: every mailer that is in /proc while the drill runs, by the pid that it has in its own
 * namespace.
 */
function watchProc(): () => ReadonlySet<number> {
  const seen = new Set<number>();
  const timer = setInterval(() => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        if (/^Name:\s+(\w+-)?(sendmail|postdrop)$/m.test(status))
          seen.add(Number(/^NSpid:.*?(\d+)$/m.exec(status)?.[1]));
      } catch {
        // Gone since it was listed.
      }
    }
  }, 100);
  return () => {
    clearInterval(timer);
    return seen;
  };
}

for (const one of CASES) {
  test(`a drill without a terminal holds, and its run is in the list: ${one.user}, ${one.kind}`, {
    timeout: 90_000,
  }, async () => {
    const home = homeFor(one);
    const stop = watchProc();
    const { code, text } = await start([FIREBREAK, 'drill', 'cron-mail-storm'], one, home);
    const seen = stop();
    assert.equal(code, 0, text);
    assert.match(text, one.kind === 'plain' ? /^drill: without namespaces/ : /^drill: in namespaces/);
    assert.match(text, /\nHELD\n/);
    const listed = await start([FIREBREAK, 'runs', '--json'], one, home);
    const [run, ...others] = JSON.parse(listed.text) as {
      verdict: string;
      exit: number;
      killed: number;
      deleted: number;
      edited: number;
      pids: number[];
    }[];
    assert.deepEqual([run?.verdict, run?.exit, run?.edited, others.length], ['held', 0, 2, 0]);
    assert.ok(run && run.killed > 0 && run.deleted >= 1690, listed.text);
    assert.ok(run.pids.length >= run.killed);
    assert.deepEqual(
      run.pids.filter((pid) => !seen.has(pid)),
      [],
      'every pid was seen in /proc by somebody else',
    );
    const report = await start([FIREBREAK, 'report'], one, home);
    assert.match(report.text, /mail service is still down/i);
  });
}

/** Answers as a person would: the word for what to do, the count for what cannot be undone. */
const ANSWERS = `
set timeout 30
spawn -noecho ${FIREBREAK} drill cron-mail-storm
proc seen {pattern} {
  expect {
    -re $pattern { return $expect_out(0,string) }
    timeout { send_error "\nnot seen: $pattern\n"; exit 99 }
    eof { send_error "\nended before: $pattern\n"; exit 98 }
  }
}
foreach step {stop-cron kill-mailers free-a-little silence-jobs empty-maildrop start-cron} {
  seen "$step: what now"
  sleep 0.5
  send "run\r"
  if {$step eq "kill-mailers" || $step eq "free-a-little" || $step eq "empty-maildrop"} {
    regsub -all {[^0-9]} [seen {Type the count, [0-9 ]+,}] {} count
    sleep 0.5
    send "$count\r"
  }
}
expect {
  eof {}
  timeout { exit 97 }
}
exit [lindex [wait] 3]`;

for (const one of CASES) {
  test(`a drill on a terminal asks before each action and holds: ${one.user}, ${one.kind}`, {
    timeout: 120_000,
  }, async () => {
    const home = homeFor(one);
    const { code, text } = await start(['expect', '-c', ANSWERS], one, home);
    assert.equal(code, 0, text.slice(-4000));
    assert.match(text, /HELD/);
  });
}

/**
 * Ctrl-C before the first action, and in the middle, where cron is stopped and mailers hang; the safe answer to what
 * comes then is to end.
 */
const interrupting = (step: string) => `
set timeout 30
spawn -noecho ${FIREBREAK} drill cron-mail-storm
proc gone {why} { send_error "\n$why\n"; catch { exec kill -9 [exp_pid] }; exit 99 }
proc seen {pattern} {
  expect {
    -re $pattern {}
    timeout { gone "not seen: $pattern" }
    eof { gone "ended before: $pattern" }
  }
}
if {"${step}" ne "stop-cron"} {
  seen "stop-cron: what now"
  sleep 0.5
  send "run\r"
}
seen "${step}: what now"
sleep 0.5
send "\\003"
expect {
  "How shall it go on" { sleep 0.5; send "\r"; exp_continue }
  timeout { gone "it does not end" }
  eof {}
}
exit [lindex [wait] 3]`;

for (const one of CASES) {
  test(`Ctrl-C at a question ends the drill with 130, and nothing of it is left: ${one.user}, ${one.kind}`, {
    timeout: 90_000,
  }, async () => {
    const home = homeFor(one);
    for (const step of ['stop-cron', 'kill-mailers']) {
      const { code, text } = await start(['expect', '-c', interrupting(step)], one, home);
      assert.equal(code, 130, text);
      await nothingLeft(home);
    }
  });

  test(`killed by SIGKILL in the middle of its run, the drill leaves nothing: ${one.user}, ${one.kind}`, {
    timeout: 90_000,
  }, async () => {
    const home = homeFor(one);
    let killed = false;
    const drill = start([FIREBREAK, 'drill', 'cron-mail-storm'], one, home, (text, pid) => {
      // Only once: what still writes for a moment is not the drill any more.
      if (!killed && /stop-cron +done/.test(text)) killed = process.kill(pid, 'SIGKILL');
    });
    const { code, text } = await drill;
    assert.equal(code, null, text);
    await nothingLeft(home);
  });
}

/**
 * No process, no mount, no folder but the journal's: what a drill starts has its environment, and another drill may run
 * at the same time.
 */
async function nothingLeft(home: string): Promise<void> {
  const left = () => ({
    processes: readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isOf(pid, home)),
    mounts: readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(home)),
    folders: readdirSync(join(home, 'tmp')),
  });
  for (let tries = 0; tries < 300 && Object.values(left()).some((one) => one.length > 0); tries += 1) await sleep(100);
  assert.deepEqual(left(), { processes: [], mounts: [], folders: [] });
}

/** A lease's watchdog has the environment of init; what it watches is among its arguments. */
function isOf(pid: string, home: string): boolean {
  return procFile(pid, 'environ').includes(`HOME=${home}\0`) || procFile(pid, 'cmdline').includes(`${home}/`);
}

function procFile(pid: string, name: 'environ' | 'cmdline'): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
