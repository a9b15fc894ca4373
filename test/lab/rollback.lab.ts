import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { inStorm } from '../support/lab/lab.ts';

/**
 * What a run did is taken back: every crontab byte for byte, every service as it was, what cannot be taken back named.
 */
const work = mkdtempSync(join(tmpdir(), 'firebreak-rollback-'));
after(() => rmSync(work, { recursive: true }));
const folder = () => mkdtempSync(join(work, 'out-'));

const RUN =
  'npx firebreak run cron-mail-storm --unattended --policy examples/policy.yaml --param watch=4s --param ticks=1 --param silence_jobs=all';

/** Content, mode, owner and links of what a remedy touches, and what the services say. */
const SNAPSHOT = `snapshot() {
  # cron runs a moment before it has written its pid file, by which its script knows it.
  for _ in $(seq 50); do service cron status >/dev/null 2>&1 && break; sleep 0.1; done
  { sha256sum /etc/crontab /etc/cron.d/* /var/spool/cron/crontabs/*
    stat -c '%n %a %u:%g %h' /etc/crontab /etc/cron.d/* /var/spool/cron/crontabs/* /var/spool/cron/crontabs "$LAB_SPOOL"
    service cron status; service postfix status
  } >$OUT/$1 2>&1
}
find "$LAB_SPOOL" -type f | head -n 30 | xargs rm
printf 'MAILTO=ops@example.com\\n* * * * * echo loud\\n' | crontab -u nobody -
printf '* * * * * true\\n' >/etc/cron.d/odd; chmod 640 /etc/cron.d/odd; chown root:adm /etc/cron.d/odd
printf '* * * * * root echo odd\\n' >/etc/cron.d/odd
sleep 0.1; snapshot before
`;

const IRREVERSIBLE =
  /empty-maildrop: cannot be undone, a deleted file cannot be\s+brought back\s+\([23] \d{3} files deleted, \d+\.\d KiB; [^)]*for\s+example\s+"[0-9A-F]+"/;

test('a rollback leaves crontabs, /etc/crontab and services as they were before the run, byte for byte, and names what it cannot', {
  timeout: 180_000,
}, async () => {
  const out = folder();
  writeFileSync(
    join(out, 'all.yaml'),
    'firebreak_policy: 1\nallow:\n  - {id: undo-all, runbook: cron-mail-storm, undo: all}\n',
  );
  const { code, stdout, stderr } = await inStorm(
    `${SNAPSHOT}
     ${RUN} >$OUT/run 2>&1; echo "run $?"; snapshot remedied
     npx firebreak rollback --unattended --policy examples/policy.yaml >$OUT/safe.said 2>&1; echo "safe $?"; snapshot safe
     npx firebreak rollback --unattended --policy $OUT/all.yaml >$OUT/undone.said 2>&1; echo "all $?"; snapshot undone
     npx firebreak runs --json >$OUT/runs.json`,
    { out },
  );
  const read = (name: string) => readFileSync(join(out, name), 'utf8');
  assert.equal(code, 0, stderr);
  // What would bring the incident back is left alone unless the policy says `undo: all`.
  assert.deepEqual(stdout.trim().split('\n').slice(-3), ['run 0', 'safe 9', 'all 0'], stdout + read('run'));
  assert.notEqual(read('remedied'), read('before'));
  assert.equal(read('safe'), read('remedied'));
  assert.match(read('safe.said'), /silence-jobs: left as it is: undoing silence-jobs\s+brings\s+back what jobs found/);
  assert.equal(read('undone'), read('before'));
  assert.match(read('undone.said'), IRREVERSIBLE);
});

test('a crontab that somebody edited since is not overwritten; the rest is put back', {
  timeout: 180_000,
}, async () => {
  const out = folder();
  writeFileSync(
    join(out, 'all.yaml'),
    'firebreak_policy: 1\nallow:\n  - {id: undo-all, runbook: cron-mail-storm, undo: all}\n',
  );
  const { stdout } = await inStorm(
    `${SNAPSHOT}
     ${RUN} >$OUT/run 2>&1; echo "run $?"
     { crontab -l -u nobody; echo '5 5 * * * echo mine'; } | crontab -u nobody -
     sha256sum /var/spool/cron/crontabs/nobody >$OUT/mine
     npx firebreak rollback --unattended --policy $OUT/all.yaml >$OUT/said 2>&1; echo "rollback $?"
     sha256sum -c --status $OUT/mine && echo 'mine stays'; snapshot after`,
    { out },
  );
  const linesOf = (name: string) =>
    readFileSync(join(out, name), 'utf8')
      .split('\n')
      .filter((line) => !line.includes('/nobody'));
  assert.deepEqual(stdout.trim().split('\n').slice(-3), ['run 0', 'rollback 9', 'mine stays'], stdout);
  assert.match(readFileSync(join(out, 'said'), 'utf8'), /crontabs\/nobody was\s+changed\s+by somebody\s+since/);
  assert.deepEqual(linesOf('after'), linesOf('before'));
});
