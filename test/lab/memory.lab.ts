import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { CHECKOUT, inStorm } from '../support/lab/lab.ts';

const REMEDY =
  'bin/firebreak run cron-mail-storm --unattended --policy examples/policy.yaml --param watch=8s --param ticks=2';

/** What is shipped is the build; from src/ Node also strips types, which takes memory of its own. */
before(() => {
  const { status, stderr } = spawnSync(process.execPath, ['tools/build.ts'], { cwd: CHECKOUT, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});

test('the founding runbook peaks below 80 MB', { timeout: 120_000 }, async (t) => {
  // VmHWM is the kernel's own high-water mark; the last look at it is at most a tick before the end, and the peak is
  // long before.
  const { stdout, stderr } = await inStorm(
    `${REMEDY} >/run/said & engine=$!; peak=0
     while read -r key kb _; do [ "$key" != VmHWM: ] || peak=$kb; done </proc/$engine/status
     while kill -0 $engine 2>/dev/null; do
       seen=$(awk '$1 == "VmHWM:" { print $2 }' /proc/$engine/status 2>/dev/null); peak=\${seen:-$peak}; sleep 0.1
     done
     wait $engine; echo "exit $?"; echo "$peak"`,
  );
  const [exit, peak] = stdout.trim().split('\n');
  t.diagnostic(`peak ${(Number(peak) / 1024).toFixed(1)} MiB`);
  assert.equal(exit, 'exit 0', stdout + stderr);
  assert.ok(Number(peak) > 20_000 && Number(peak) < 80_000, `${peak} kB`);
});

test('the founding runbook works in a memory cgroup of 64 MiB', { timeout: 120_000 }, async (t) => {
  const v1 = '/sys/fs/cgroup/memory';
  const [root, limit] = existsSync(v1) ? [v1, 'memory.limit_in_bytes'] : ['/sys/fs/cgroup', 'memory.max'];
  const group = join(root, `firebreak-lab-${process.pid}`);
  mkdirSync(group);
  t.after(() => rmdirSync(group));
  writeFileSync(join(group, limit), String(64 << 20));
  const { stdout, stderr } = await inStorm(
    `sh -c 'echo $$ >${group}/cgroup.procs; exec ${REMEDY}' >/run/said; echo "exit $?"
     "$LAB/check-recovered"; for p in $(cat ${group}/cgroup.procs); do echo $p >${root}/cgroup.procs; done 2>/dev/null`,
  );
  const peak = join(group, root === v1 ? 'memory.max_usage_in_bytes' : 'memory.peak');
  if (existsSync(peak))
    t.diagnostic(
      `the group's peak: ${(Number(readFileSync(peak, 'utf8')) / (1 << 20)).toFixed(1)} MiB, its page cache included`,
    );
  assert.deepEqual(stdout.trim().split('\n'), ['exit 0', 'check-recovered: recovered'], stdout + stderr);
});
