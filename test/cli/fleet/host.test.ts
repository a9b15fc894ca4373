import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { findRuns } from '../../../src/journal/find.ts';
import { takeLock } from '../../../src/journal/lock.ts';
import { readJournal } from '../../../src/journal/read.ts';
import { type Said, type Stage, setStage } from '../../support/stage.ts';

const uid = process.getuid?.() ?? 0;

/**
 * Replaces ssh: commands for the host start on this machine in a POSIX shell, so that all but the network is real.
 * While a file `down` exists, it fails with the text of the file.
 */
const SSH = (folder: string) => `#!/bin/sh
if [ -e ${folder}/down ]; then cat ${folder}/down >&2; exit 255; fi
echo $$ >>${folder}/pids
while [ "$1" != -- ]; do shift; done
exec /bin/sh -c "$3"
`;

interface Far extends Stage {
  readonly ssh: (argv: readonly string[], given?: Parameters<Stage['firebreak']>[1]) => Promise<Said>;
  readonly lock: string;
  /** Cuts every connection and refuses new ones with this reason. */
  readonly cut: (why: string) => void;
}

let made = 0;

function setFar(test: TestContext): Far {
  const stage = setStage(test);
  mkdirSync(stage.path('bin'));
  writeFileSync(stage.path('bin/ssh'), SSH(stage.folder));
  chmodSync(stage.path('bin/ssh'), 0o755);
  const lock = `far-${process.pid}-${++made}`;
  const env = {
    PATH: `${stage.path('bin')}:/usr/sbin:/usr/bin:/sbin:/bin`,
    FIREBREAK_STATE: stage.path('state'),
    FIREBREAK_LOCK: lock,
    XDG_RUNTIME_DIR: stage.folder,
  };
  const ssh: Far['ssh'] = (argv, given) => stage.firebreak(argv, { env, ...given });
  const cut = (why: string) => {
    stage.write('down', `${why}\n`);
    for (const pid of readFileSync(stage.path('pids'), 'utf8').split('\n').filter(Boolean)) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
  };
  return { ...stage, ssh, lock, cut };
}

const HOST = ['--host', 'oncall@far3'];
const ALONE = ['--unattended', '--policy', 'policy.yaml'];
const REFUSED = 'oncall@far3: Permission denied (publickey).';

function eventsOf(stage: Stage) {
  const [run] = findRuns({ places: [{ path: stage.path('state'), home: true }], uid }).runs;
  const read = run === undefined ? null : readJournal(run.folder);
  assert.ok(run && read?.ok);
  return { run: run.id, events: read.events };
}

test('a plan of another host names it, and changes nothing here or there', async (test) => {
  const stage = setFar(test);
  const before = stage.world();
  const { exit, out } = await stage.ssh(['plan', './paint.yaml', ...HOST], { columns: 200 });
  assert.equal(exit, 0);
  assert.match(out, /^PLAN {2}paint 1\.0\.0 on far3$/m);
  assert.match(out, /firebreak run \.\/paint\.yaml --host oncall@far3/);
  assert.deepEqual([stage.world(), existsSync(stage.path('state'))], [before, false]);
});

test('a run on another host acts there, and its journal here says how it was reached', async (test) => {
  const stage = setFar(test);
  const { exit, out } = await stage.ssh(['run', './paint.yaml', ...HOST, ...ALONE]);
  assert.equal(exit, 0, out);
  assert.deepEqual(stage.world().spool, []);
  const { events } = eventsOf(stage);
  const started = events[0]?.type === 'run.started' ? events[0] : null;
  assert.deepEqual(started?.target, {
    ...{ name: 'far3', address: null, port: null, user: 'oncall', identity: null },
    ...{ groups: [], labels: {}, become: false, config: null },
  });
  assert.deepEqual([...new Set(events.map(({ host }) => host))], ['far3']);
  const report = await stage.ssh(['report']);
  assert.match(report.out, /^# paint on far3: held$/m);
});

test('a host that cannot be reached is told in a line of its own: exit 10, no journal, nothing touched', async (test) => {
  const stage = setFar(test);
  stage.write('down', `${REFUSED}\n`);
  const before = stage.world();
  for (const command of ['plan', 'run', 'doctor']) {
    const words = command === 'doctor' ? [] : ['./paint.yaml'];
    const { exit, out, err } = await stage.ssh([command, ...words, ...HOST, ...(command === 'run' ? ALONE : [])]);
    assert.deepEqual([exit, out], [10, ''], err);
    assert.match(err, /^firebreak: far3 [^\n]+; nothing was touched\n$/);
  }
  assert.deepEqual([stage.world(), existsSync(stage.path('state'))], [before, false]);
});

test('cut in the watch: exit 10 and how to go on; resume reaches the same host again and finishes, with nothing done twice', async (test) => {
  const stage = setFar(test);
  const cutWhen = (text: string) => {
    if (text.includes('"type":"watch.sampled"')) stage.cut(REFUSED);
  };
  const lines: string[] = [];
  const stdout = (text: string) => {
    lines.push(text);
    cutWhen(text);
  };
  const run = ['run', './paint.yaml', ...HOST, ...ALONE, '--param', 'for=2s', '--output', 'ndjson'];
  const first = await stage.ssh(run, { stdout });
  assert.equal(first.exit, 10, lines.at(-1));
  const { run: id, events } = eventsOf(stage);
  const last = events.at(-1);
  assert.ok(last?.type === 'run.finished');
  assert.match(last.reasons.join('\n'), /^far3 cannot be reached: .*; the watch was cut short, so nothing is proven$/);
  const there = await stage.ssh(['report', id]);
  assert.match(there.out, /outcome unknown/i);
  const still = await stage.ssh(['resume', ...ALONE]);
  assert.deepEqual([still.exit, still.out], [10, '']);
  rmSync(stage.path('down'));
  const other = await stage.ssh(['resume', id, '--host', 'far4', ...ALONE]);
  assert.deepEqual([other.exit, other.err], [64, `firebreak: ${id} was a run on far3, not on far4\n`]);
  const none = await stage.ssh(['resume', '--host', 'far4', ...ALONE]);
  assert.deepEqual(
    [none.exit, none.err],
    [66, 'firebreak: nothing to resume: no run is unfinished on far4; see: firebreak runs\n'],
  );
  const again = await stage.ssh(['resume', ...HOST, ...ALONE]);
  assert.equal(again.exit, 0, again.out + again.err);
  const intents = eventsOf(stage).events.filter(({ type }) => type === 'action.intended');
  assert.equal(intents.length, 2);
  const back = await stage.ssh(['rollback', id, '--unattended', '--policy', stage.write('undo.yaml', UNDO)]);
  assert.deepEqual([back.exit, stage.world().conf.startsWith('colour = red')], [0, true], back.out + back.err);
});

const UNDO =
  'firebreak_policy: 1\nallow:\n  - {id: paints, runbook: paint, declared_write: allow, limits: {delete: 5}, undo: all}\n';

test('one run on a host: the second is told who has the lock', async (test) => {
  const stage = setFar(test);
  const holder = { run: 'paint', who: 'ada', pid: 7, since: '2026-11-23T03:00:00Z' };
  const taken = await takeLock({ uid, name: stage.lock, host: 'far3' }, holder);
  assert.ok(taken.ok);
  test.after(() => taken.lock.release());
  const { exit, err } = await stage.ssh(['run', './paint.yaml', ...HOST, ...ALONE]);
  assert.deepEqual(
    [exit, err],
    [
      75,
      'firebreak: another run holds far3: paint, started by ada at 2026-11-23T03:00:00Z, pid 7; nothing was touched\n',
    ],
  );
  // Each host has its own lock.
  assert.equal((await stage.ssh(['run', './paint.yaml', '--host', 'far4', ...ALONE])).exit, 0);
});

test('a saved plan belongs to its host: it is run there and nowhere else', async (test) => {
  const stage = setFar(test);
  const saved = await stage.ssh(['plan', './paint.yaml', ...HOST, '--policy', 'policy.yaml', '--save', 'plan.json']);
  assert.equal(saved.exit, 0, saved.err);
  const here = await stage.ssh(['run', '--plan', 'plan.json', ...ALONE]);
  assert.equal(here.exit, 6);
  assert.match(here.err, /is of another host: it was made on far3, this is /);
  const there = await stage.ssh(['run', '--plan', 'plan.json', ...HOST, ...ALONE]);
  assert.deepEqual([there.exit, stage.world().spool], [0, []], there.err);
});

test('a policy compares the name by which the host was called', async (test) => {
  const stage = setFar(test);
  const policy = stage.write(
    'web.yaml',
    'firebreak_policy: 1\nallow:\n  - {id: paints, runbook: paint, hosts: ["web*"], limits: {delete: 5}}\n',
  );
  const run = (host: string) => stage.ssh(['run', './paint.yaml', '--host', host, '--unattended', '--policy', policy]);
  assert.equal((await run('far3')).exit, 77);
  assert.equal((await run('web3')).exit, 0);
});

test('a drill and prepared room for a journal belong to this machine only', async (test) => {
  const stage = setFar(test);
  for (const command of [['drill', 'cron-mail-storm'], ['prepare']]) {
    const { exit, out, err } = await stage.ssh([...command, '--host', 'far3']);
    assert.deepEqual([exit, out], [64, '']);
    assert.match(err, /^firebreak: .* this machine/);
  }
});

test('the doctor tells of another host whether it answers and what it has', async (test) => {
  const stage = setFar(test);
  const { exit, out } = await stage.ssh(['doctor', ...HOST, '--json']);
  const { checks } = JSON.parse(out) as {
    readonly checks: readonly { readonly name: string; readonly state: string }[];
  };
  assert.equal(exit, 0, out);
  assert.deepEqual(
    checks.slice(0, 3).map(({ name, state }) => [name, state]),
    [
      ['connection', 'well'],
      ['clock', 'well'],
      ['lock', 'well'],
    ],
  );
});
