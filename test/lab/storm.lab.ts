import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ProcessRecord } from '../../src/model/host.ts';
import type { Plan } from '../../src/model/plan.ts';
import { inStorm } from '../support/lab/lab.ts';

/**
 * The founding incident for real: Debian's cron and Postfix, a /var without an inode, and the runbook as it is shipped.
 */
const REMEDY =
  'npx firebreak run cron-mail-storm --unattended --policy examples/policy.yaml --param watch=8s --param ticks=2';

const work = mkdtempSync(join(tmpdir(), 'firebreak-storm-'));
after(() => rmSync(work, { recursive: true }));
const folder = () => mkdtempSync(join(work, 'out-'));
const linesOf = (path: string): readonly string[] => readFileSync(path, 'utf8').split('\n').filter(Boolean);

const STORMS: readonly (readonly [string, readonly string[]])[] = [
  ['as it was', []],
  ['where the service is called crond', ['--daemon', 'crond']],
  ['with 60 jobs and 100 hung mailers', ['--jobs', '60', '--mailers', '100']],
  ['with 60 000 inodes', ['--inodes', '60000']],
];
for (const [title, options] of STORMS) {
  test(`the storm is over after an unattended run, ${title}`, { timeout: 300_000 }, async () => {
    const { code, stdout, stderr } = await inStorm(`${REMEDY} && "$LAB/check-recovered"`, { options });
    assert.deepEqual([code, stdout.trim().split('\n').at(-1)], [0, 'check-recovered: recovered'], stderr);
  });
}

test('the plan lists the mailers that pgrep lists and counts the files that find counts, and changes nothing', {
  timeout: 120_000,
}, async () => {
  const out = folder();
  // Everything that a plan could change; %A is left out: to look at a folder may touch its access time.
  const snapshot = (name: string) => `
    pgrep -x 'sendmail|postdrop' | sort >$OUT/${name}.pids
    find "$LAB_SPOOL" -type f | wc -l >$OUT/${name}.count
    { find /var /run /etc/crontab /etc/cron.d -printf '%i %y %s %m %u %g %T@ %C@ %p\\n' | grep -v -e ' /run/heartbeat$' -e ' /run/crond' | sort
      sha256sum /etc/crontab /etc/cron.d/* /var/spool/cron/crontabs/*; pgrep -o -x cron; service cron status; service postfix status
    } >$OUT/${name}.world 2>&1
    pgrep -x 'sendmail|postdrop' | sort >$OUT/${name}.pids-last`;
  const { code, stderr } = await inStorm(
    `${snapshot('before')}
     npx firebreak plan cron-mail-storm --json >$OUT/plan.json; echo $? >$OUT/code
     ${snapshot('after')}`,
    { out },
  );
  assert.equal(code, 0, stderr);
  assert.equal(readFileSync(join(out, 'code'), 'utf8'), '0\n');
  assert.deepEqual(linesOf(join(out, 'after.world')), linesOf(join(out, 'before.world')));

  const plan = JSON.parse(readFileSync(join(out, 'plan.json'), 'utf8')) as Plan;
  const detail = (id: string) => {
    const step = plan.steps.find((one) => one.id === id);
    return (step?.kind === 'probe' ? step.finding?.detail : null) as unknown as {
      processes: ProcessRecord[];
      count: number;
    };
  };
  const planned = detail('mailers').processes.map(({ pid }) => String(pid));
  const before = linesOf(join(out, 'before.pids'));
  const later = new Set(linesOf(join(out, 'after.pids-last')));
  assert.ok(before.length >= 20);
  assert.deepEqual(
    before.filter((pid) => !planned.includes(pid)),
    [],
    'every mailer that hung before the plan is in it',
  );
  assert.deepEqual(
    planned.filter((pid) => !later.has(pid)),
    [],
    'and nothing that is no mailer',
  );
  assert.deepEqual([detail('mail').count], linesOf(join(out, 'before.count')).map(Number));
});

test('one crontab that is immutable stops the run before anything is killed or deleted, and is named with the way out', {
  timeout: 120_000,
}, async () => {
  const out = folder();
  const { code, stdout, stderr } = await inStorm(
    `chattr +i /var/spool/cron/crontabs/root; ls "$LAB_SPOOL" | wc -l >$OUT/before; ${REMEDY}; echo $? >$OUT/code
     ls "$LAB_SPOOL" | wc -l >$OUT/after; pgrep -c -x sendmail >$OUT/mailers; kill -0 "$(cat /run/crond.pid)"; echo $? >$OUT/cron; chattr -i /var/spool/cron/crontabs/root`,
    { out },
  );
  assert.equal(code, 0, stderr);
  const told = (name: string) => Number(readFileSync(join(out, name), 'utf8'));
  assert.deepEqual([told('code'), told('after') - told('before'), told('cron')], [3, 0, 0], stdout);
  assert.ok(told('mailers') >= 20);
  assert.match(
    stdout + stderr,
    /silence-jobs: 1 crontab cannot be changed: \/var\/spool\/cron\/crontabs\/root: not permitted; if it is immutable/,
  );
});

/** Frees inodes for what a test adds to the scene; the hung mailers look only every 10 s. */
const FREE = (count: number) => `find "$LAB_SPOOL" -type f | head -n ${count} | xargs rm`;

test("bystanders are spared: a user's own sendmail, odd entries of the spool, crontabs that mail nothing", {
  timeout: 180_000,
}, async () => {
  const out = folder();
  const { code, stdout, stderr } = await inStorm(
    `${FREE(40)}
     mkdir "$LAB_SPOOL/ADIR"; touch "$LAB_SPOOL/ADIR/inside"; ln -s /etc/passwd "$LAB_SPOOL/ALINK"; mkfifo "$LAB_SPOOL/AFIFO"; touch "$LAB_SPOOL/A
B" "$LAB_SPOOL/-rf"
     printf 'MAILTO=""\\n* * * * * echo quiet\\nMAILTO=ops@example.com\\n* * * * * echo loud\\n' | crontab -u games - || echo 'no crontab for games'
     printf '* * * * * echo hi from nobody\\n' | crontab -u nobody - || echo 'no crontab for nobody'
     printf '# says nothing\\n*/5 * * * * true >/dev/null 2>&1\\n' | crontab -u daemon - || echo 'no crontab for daemon'
     cp -p /var/spool/cron/crontabs/daemon $OUT/daemon.before; sha256sum /etc/passwd >$OUT/passwd
     (sleep 600 | runuser -u www-data -- /usr/sbin/sendmail -i nobody) & sleep 1
     own=$(pgrep -u www-data -x sendmail); echo "own $own"
     ${REMEDY} --param silence_jobs=all; echo "exit $?"
     kill -0 $own && echo 'own still lives'; kill $own
     find "$LAB_SPOOL" -mindepth 1 -maxdepth 1 ! -type f -printf '%y %f\\n' | sort
     find "$LAB_SPOOL/ADIR" -name inside -printf 'inside %f\\n'; [ -e "$LAB_SPOOL/A
B" ] && echo 'newline stays'; [ -e "$LAB_SPOOL/-rf" ] && echo 'dash stays'
     cmp /var/spool/cron/crontabs/daemon $OUT/daemon.before && sha256sum -c --status $OUT/passwd && echo same
     for user in games nobody; do crontab -l -u $user | grep -v '^#' | sed "s/^/$user: /"; done
     "$LAB/check-recovered"`,
    { out },
  );
  const lines = stdout.trim().split('\n');
  const own = lines[0] ?? '';
  assert.match(own, /^own \d+$/, stdout + stderr);
  assert.deepEqual(
    lines.slice(lines.indexOf('exit 0')),
    [
      'exit 0',
      'own still lives',
      'd ADIR',
      'l ALINK',
      'p AFIFO',
      'inside inside',
      'newline stays',
      'dash stays',
      'same',
      'games: MAILTO=""',
      'games: * * * * * echo quiet',
      'games: MAILTO=ops@example.com',
      'games: MAILTO=""',
      'games: * * * * * echo loud',
      'nobody: MAILTO=""',
      'nobody: * * * * * echo hi from nobody',
      'check-recovered: recovered',
    ],
    stderr,
  );
  assert.equal(code, 0);
});

test('with the mailers already killed by hand the runbook still cleans up', { timeout: 120_000 }, async () => {
  const { code, stdout, stderr } = await inStorm(
    `pkill -x sendmail; pkill -x postdrop; sleep 0.3; echo "left $(pgrep -c -x postdrop)"; ${REMEDY} && "$LAB/check-recovered"`,
  );
  assert.deepEqual([code, stdout.trim().split('\n').at(-1)], [0, 'check-recovered: recovered'], stderr);
  assert.match(stdout, /^left [0-3]$/m);
});

test('with Postfix running it is not this incident: exit 2, and nothing is touched', { timeout: 120_000 }, async () => {
  const { stdout, stderr } = await inStorm(
    `${FREE(60)}; postfix start >/dev/null 2>&1; sleep 1; postfix status 2>&1 | tail -n 1
     cron=$(pgrep -o -x cron); sha256sum /etc/crontab /var/spool/cron/crontabs/* >/run/sums
     ${REMEDY} >/run/said 2>&1; echo "exit $?"
     sha256sum -c --status /run/sums && [ "$(pgrep -o -x cron)" = "$cron" ] && echo untouched
     grep -o -m 1 'NOT THIS INCIDENT' /run/said; postfix stop >/dev/null 2>&1`,
  );
  assert.deepEqual(stdout.trim().split('\n').slice(-3), ['exit 2', 'untouched', 'NOT THIS INCIDENT'], stdout + stderr);
});

/** Mailing jobs whose work can be seen: input behind %, a list, a comment, a pipe. */
const AWKWARD = [
  '* * * * * cat | tee -a /run/aw.input%one%two',
  '* * * * * echo a; echo b | tee -a /run/aw.list',
  '* * * * * echo "a # b" | tee -a /run/aw.comment # tells',
  '* * * * * true && echo "x & y" | tee -a /run/aw.and',
];

test('with `silence: redirect` the same runbook ends the storm, and every job still does its work, input included', {
  timeout: 120_000,
}, async () => {
  const out = folder();
  const { code, stdout, stderr } = await inStorm(
    `${FREE(20)}
     sed "s/set_env: {MAILTO: ''}/silence: redirect/" runbooks/cron-mail-storm.yaml >$OUT/redirect.yaml
     { crontab -l; cat <<'END'
${AWKWARD.join('\n')}
END
     } | crontab - || echo 'no crontab'
     sleep 4; ls /run/aw.* | wc -l
     ${REMEDY.replace('cron-mail-storm', '$OUT/redirect.yaml')} --param silence_jobs=all >$OUT/said 2>&1; echo "exit $?"
     rm -f /run/aw.*; beats=$(wc -l </run/heartbeat); sleep 10
     for name in input list comment and; do echo "$name: $(sort -u /run/aw.$name | tr '\\n' ' ')"; done
     [ $(wc -l </run/heartbeat) -ge $((beats + 2)) ] && echo beats
     echo "mailers $(pgrep -c -x 'sendmail|postdrop'), files $(find "$LAB_SPOOL" -type f | wc -l)"
     crontab -l >$OUT/crontab`,
    { out },
  );
  const said = readFileSync(join(out, 'said'), 'utf8');
  assert.deepEqual(
    stdout.trim().split('\n'),
    ['4', 'exit 0', 'input: one two ', 'list: b ', 'comment: a # b ', 'and: x & y ', 'beats', 'mailers 0, files 0'],
    said + stderr,
  );
  assert.equal(code, 0);
  assert.match(said, /✔ silence-jobs +3 crontabs written/);
  assert.deepEqual(
    linesOf(join(out, 'crontab')).filter((line) => line.includes('/run/aw.')),
    [
      '* * * * * { cat | tee -a /run/aw.input; } >/dev/null 2>&1%one%two',
      '* * * * * { echo a; echo b | tee -a /run/aw.list; } >/dev/null 2>&1',
      '* * * * * { echo "a # b" | tee -a /run/aw.comment; } >/dev/null 2>&1 # tells',
      '* * * * * { true && echo "x & y" | tee -a /run/aw.and; } >/dev/null 2>&1',
    ],
  );
});
