import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const lab = fileURLToPath(new URL('../../../shared/lab/mail-storm', import.meta.url));
const inside = fileURLToPath(new URL('inside/processes.ts', import.meta.url));

interface Compared {
  readonly ours: readonly number[];
  readonly pgrep: readonly number[];
}

interface Seen {
  readonly running: Compared & {
    readonly blocks: readonly { readonly lines: readonly string[] }[];
    readonly summary: string;
  };
  readonly stopped: Compared;
  readonly orphaned: Compared;
  readonly users: readonly number[];
  readonly applied: { readonly outcome: string; readonly reason?: string; readonly used: { readonly kill: number } };
  readonly left: readonly number[];
  readonly reuse: { readonly outcome: readonly string[]; readonly living: number; readonly there: string };
  readonly elsewhere: {
    readonly spared: readonly string[];
    readonly outcome: readonly string[];
    readonly living: number;
  };
  readonly pulse: readonly Beat[];
  readonly idle: Beat;
}

interface Beat {
  readonly jobs: number;
  readonly minutes: number;
  readonly beats: number;
}

describe('processes in the mail storm, with Debian’s own cron, sendmail and postdrop', () => {
  let seen: Seen;
  before(async () => {
    const { stdout } = await run(lab, ['--quiet', '--', process.execPath, inside], { timeout: 180_000 });
    seen = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Seen;
  });

  it('lists exactly the mailers that pgrep lists, less the user’s own', () => {
    assert.ok(seen.users.length >= 1);
    // Cron starts more between the two looks; what both saw is what can be compared, and theirs is never less.
    assert.ok(seen.running.ours.length >= 20);
    assert.deepEqual(
      seen.running.ours.filter((pid) => !seen.running.pgrep.includes(pid)),
      [],
    );
    assert.ok(seen.running.ours.every((pid) => !seen.users.includes(pid)));
  });

  it('shows the chain from cron down', () => {
    assert.match(
      seen.running.blocks[0]?.lines[0] ?? '',
      /^\d+ x cron\(\d+\) -> CRON\(\d+\) -> sendmail\(\d+\) -> postdrop\(\d+\)$/,
    );
    assert.match(seen.running.summary, /started by cron\(\d+\)/);
  });

  it('knows them still when cron is stopped', () => assert.deepEqual(seen.stopped.ours, seen.stopped.pgrep));

  it('knows a postdrop still whose sendmail was killed by hand', () =>
    assert.deepEqual(seen.orphaned.ours, seen.orphaned.pgrep));

  it('ends all that cron started, and leaves the user’s own sendmail alive', () => {
    assert.deepEqual([seen.applied.outcome, seen.applied.reason], ['done', undefined]);
    assert.deepEqual(seen.left, seen.users);
  });

  it('does not signal the process that was given the pid of a target', () => {
    assert.deepEqual(seen.reuse, { outcome: ['other'], living: 0, there: '/bin/sleep 100' });
  });

  it('leaves a container’s process alone', () => {
    assert.deepEqual(seen.elsewhere, { spared: ['elsewhere'], outcome: ['refused'], living: 1 });
  });

  it('sees two of cron’s minutes within eight seconds, and never more than there were', () => {
    for (const { jobs, minutes, beats } of seen.pulse) {
      assert.ok(minutes >= 2 && minutes <= beats, `${jobs} jobs: ${minutes} minutes counted, ${beats} heartbeats`);
    }
  });

  it('sees no pulse where cron has no job', () => {
    // Debian's /etc/crontab has an hourly job: 160 of cron's seconds may hold one.
    assert.ok(seen.idle.minutes <= 1, `${seen.idle.minutes}`);
  });
});
