import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CHECKOUT, inStorm } from '../support/lab/lab.ts';
import { changesIn } from '../support/lab/strace.ts';

/** What the kernel was asked to do while a plan was made: nothing that changes the host. */
const work = mkdtempSync(join(tmpdir(), 'firebreak-dry-'));
after(() => rmSync(work, { recursive: true }));

const RUNBOOKS = readdirSync(join(CHECKOUT, 'runbooks'))
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => file.replace('.yaml', ''));
const read = (...path: readonly string[]) => readFileSync(join(...path), 'utf8');

/**
 * strace(1) of all that the command starts too. `-y` names the file behind every number, so that a write to a pipe is
 * told from one to a file.
 */
const STRACE = 'strace -f -qq -y -s 0 -e trace=file,desc,process,signal,network,%memory';
/** Its output goes through a pipe: a write to a file is then a finding. */
const TRACED = (name: string, command: string) =>
  `{ ${STRACE} -o $OUT/${name}.trace ${command} 2>&1; echo $? >$OUT/${name}.code; } | cat >$OUT/${name}.said`;

/**
 * Everything that a plan could change: no access times, nothing that the storm itself moves from second to second, and
 * nothing that npm writes for whoever runs it meanwhile outside of the storm.
 */
const WORLD = (name: string) => `
  { find /var /run /etc /root /tmp -xdev \\( -path "$OUT" -o -path /root/.npm \\) -prune -o -printf '%i %y %s %m %u %g %T@ %C@ %p\\n' 2>/dev/null |
      grep -v -e ' /run/heartbeat$' -e ' /run/crond' -e ' /tmp\\b' | sort
    sha256sum /etc/crontab /etc/cron.d/* /var/spool/cron/crontabs/* "$CHECKOUT"/dist/cli.js
    pgrep -o -x cron; service cron status; service postfix status
  } >$OUT/${name}.world 2>&1
  ps -e -o pid=,comm= | grep -E ' (cron|sendmail|postdrop)$' | sort >$OUT/${name}.processes`;

for (const runbook of RUNBOOKS) {
  test(`traced, a plan of ${runbook} asks the kernel for no change at all`, { timeout: 300_000 }, async () => {
    const out = mkdtempSync(join(work, 'out-'));
    const { code, stderr } = await inStorm(
      `CHECKOUT=${CHECKOUT}; ${WORLD('before')}
       ${TRACED('plan', `bin/firebreak plan ${runbook}`)}
       ${TRACED('json', `bin/firebreak plan ${runbook} --json`)}
       ${WORLD('after')}`,
      { out },
    );
    assert.equal(code, 0, stderr);
    for (const name of ['plan', 'json']) {
      const trace = read(out, `${name}.trace`);
      assert.match(trace, /openat\(.*\/proc\/\d+\/stat\b/, 'it looked at processes');
      assert.deepEqual(changesIn(trace), [], read(out, `${name}.said`));
      assert.ok(['0\n', '2\n'].includes(read(out, `${name}.code`)), read(out, `${name}.said`));
    }
    assert.deepEqual(read(out, 'after.world').split('\n'), read(out, 'before.world').split('\n'));
    const later = read(out, 'after.processes').split('\n');
    assert.deepEqual(
      read(out, 'before.processes')
        .split('\n')
        .filter((one) => !later.includes(one)),
      [],
      'every process of the storm is still there',
    );
  });
}

test('a plan that is saved writes the plan that was asked for, and nothing else', { timeout: 300_000 }, async () => {
  const out = mkdtempSync(join(work, 'out-'));
  await inStorm(TRACED('save', 'bin/firebreak plan cron-mail-storm --save $OUT/plan.json'), { out });
  assert.equal(read(out, 'save.code'), '0\n', read(out, 'save.said'));
  assert.ok(existsSync(join(out, 'plan.json')));
  const changes = changesIn(read(out, 'save.trace'));
  assert.ok(changes.length > 0);
  assert.deepEqual(
    changes.filter((line) => !line.includes(`${out}/plan.json`) && !line.includes(`${out}>`)),
    [],
  );
});

test('the trace is read rightly: what changes is found, what does not is let pass', { timeout: 60_000 }, async () => {
  const out = mkdtempSync(join(work, 'out-'));
  writeFileSync(
    join(out, 'change.sh'),
    `cd ${out}; echo a >a; mv a b; ln b c; ln -s b d; chmod 600 b; mkdir e; rmdir e; truncate -s 0 b; touch b; rm c; kill $1`,
  );
  const { stderr } = await inStorm(`sleep 60 & ${STRACE} -o $OUT/trace sh $OUT/change.sh $!`, {
    out,
  });
  const found = new Set(changesIn(read(out, 'trace')).map((line) => /^\d+\s+(\w+)\(/.exec(line)?.[1] ?? line));
  const wanted = [
    /^open/,
    /^write$/,
    /^rename/,
    /^link/,
    /^symlink/,
    /chmod/,
    /^mkdir/,
    /^rmdir$|^unlink/,
    /truncate/,
    /^utime/,
    /^kill$/,
  ];
  for (const one of wanted)
    assert.ok(
      [...found].some((name) => one.test(name)),
      `${one} in ${[...found]}: ${stderr}`,
    );
});
