import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse } from '../src/load/text/parse.ts';
import { isObject, type Json } from '../src/model/json.ts';
import { jobsOf, parseCrontab } from '../src/verbs/cron/crontab.ts';
import { inOwnPlaces } from './support/lab/own-places.ts';
import { type Stage, setStage } from './support/stage.ts';

// A run uses no file that others could have written, so the tests set their own umask.
process.umask(0o022);

/** The snippets of examples/automation, each as far as a machine without those services can run it. */
const root = join(import.meta.dirname, '..');
const automation = join(root, 'examples/automation');
const textOf = (name: string) => readFileSync(join(automation, name), 'utf8');

interface Machine extends Stage {
  /** A script as its caller runs it, with our own launcher as `firebreak`. */
  readonly sh: (
    script: string,
    env?: Readonly<Record<string, string>>,
  ) => { readonly exit: number | null; readonly out: string };
}

function machine(t: TestContext): Machine {
  const stage = setStage(t);
  mkdirSync(stage.path('bin'));
  symlinkSync(join(root, 'bin/firebreak'), stage.path('bin/firebreak'));
  const sh: Machine['sh'] = (script, env = {}) => {
    const usual = { PATH: `${stage.path('bin')}:/usr/bin:/bin`, FIREBREAK_NODE: process.execPath, HOME: stage.folder };
    const own = inOwnPlaces(stage.path('state'), ['/bin/sh', '-e', '-c', script], { lock: 'script' });
    const [program = '', ...args] = own.argv;
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd: stage.folder,
      env: { ...usual, ...own.env, ...env },
      encoding: 'utf8',
      timeout: 60_000,
    });
    return { exit: status, out: stdout + stderr };
  };
  return { ...stage, sh };
}

/** The policy does not exist, so only the command line is read and nothing runs. */
const WITHOUT_POLICY = { exit: 66, out: 'firebreak: the policy /nowhere/policy.yaml cannot be read: no such file\n' };

test('the units are what systemd takes without a word, and the command is one of ours', (t) => {
  const { folder, sh } = machine(t);
  const [service, timer] = [textOf('firebreak-cron-mail-storm.service'), textOf('firebreak-cron-mail-storm.timer')];
  const command = /^ExecStart=\/usr\/bin\/(firebreak .*)$/m.exec(service)?.[1] ?? '';
  assert.deepEqual(sh(command.replace('/etc/firebreak', '/nowhere')), WITHOUT_POLICY);
  assert.match(service, /^SuccessExitStatus=2$/m);
  assert.match(timer, /^OnUnitInactiveSec=5min$/m);
  const analyze = '/usr/bin/systemd-analyze';
  if (!existsSync(analyze)) return t.diagnostic(`${analyze} is not here: the units were read by this test alone`);
  const units = [join(folder, 'firebreak-cron-mail-storm.service'), join(folder, 'firebreak-cron-mail-storm.timer')];
  writeFileSync(units[0] ?? '', service.replace('/usr/bin/firebreak', join(root, 'bin/firebreak')));
  writeFileSync(units[1] ?? '', timer);
  const { status, stdout, stderr } = spawnSync(analyze, ['verify', '--man=no', ...units], { encoding: 'utf8' });
  assert.deepEqual([status, stdout, stderr], [0, '', '']);
});

test('cron takes the line, mails nothing of it, and its command is one of ours', (t) => {
  const { path, sh } = machine(t);
  const jobs = jobsOf(parseCrontab(textOf('firebreak.cron'), 'system'), 'root');
  assert.deepEqual(
    jobs.map(({ schedule, user, mailed, mailTo, prints }) => ({ schedule, user, mailed, mailTo, prints })),
    [{ schedule: '*/5 * * * *', user: 'root', mailed: false, mailTo: null, prints: false }],
  );
  const command = (jobs[0]?.command ?? '').replace('/etc/firebreak', '/nowhere').replace('/var/log', path('.'));
  assert.deepEqual(sh(command), { exit: 66, out: '' });
  assert.equal(readFileSync(path('firebreak.log'), 'utf8'), WITHOUT_POLICY.out);
});

// ---------------------------------------------------------------- Alertmanager

/** An answer of Alertmanager's API, with a label that tries to inject a command. */
const ALERT = JSON.stringify([
  {
    labels: { alertname: 'CronMailStorm', instance: 'web-1:9100', runbook: '$(touch pwned); --policy /tmp/x' },
    status: { state: 'active' },
  },
]);

function hooked(
  t: TestContext,
  answer: string,
  curlExit = 0,
): Machine & { readonly hook: (map?: string) => { exit: number | null; out: string } } {
  const host = machine(t);
  host.write('answer', answer);
  writeFileSync(host.path('bin/curl'), `#!/bin/sh\nprintf '%s\\n' "$*" >>asked\ncat answer\nexit ${curlExit}\n`, {
    mode: 0o755,
  });
  const hook = (map = 'CronMailStorm ./paint.yaml') => {
    host.write('hook.sh', textOf('alertmanager-hook.sh').replace('CronMailStorm cron-mail-storm', map));
    return host.sh('sh -n ./hook.sh && exec sh ./hook.sh', {
      POLICY: 'policy.yaml',
      INSTANCE: 'web-1.example.net',
      ALERTMANAGER: 'http://am:9093',
    });
  };
  return { ...host, hook };
}

test('an alert that fires starts the runbook that stands in the script, and nothing of the alert becomes a word of it', (t) => {
  const host = hooked(t, ALERT);
  const { exit, out } = host.hook();
  assert.equal(exit, 0, out);
  assert.match(out, /\nHELD\npaint 1\.0\.0 /);
  assert.deepEqual([host.world().spool, existsSync(host.path('pwned'))], [[], false]);
  assert.match(
    readFileSync(host.path('asked'), 'utf8'),
    /^--fail .* --get http:\/\/am:9093\/api\/v2\/alerts .*--data-urlencode filter=alertname="CronMailStorm" --data-urlencode filter=instance=~"web-1\[\.\]example\[\.\]net\(:\[0-9\]\+\)\?"\n$/,
  );
});

test('what the policy does not allow is not started by an alert either', (t) => {
  const { exit, out } = hooked(t, ALERT).hook('CronMailStorm cron-mail-storm');
  assert.equal(exit, 77, out);
});

for (const [what, answer, curlExit, expected] of [
  ['nothing fires', '[]\n', 0, 0],
  ['Alertmanager cannot be reached', '', 7, 69],
  ['something else answers', '<html>', 0, 69],
] as const) {
  test(`${what}: exit ${expected}, and nothing is started`, (t) => {
    const host = hooked(t, answer, curlExit);
    const before = host.world();
    assert.deepEqual([host.hook().exit, host.world(), existsSync(host.path('state/runs'))], [expected, before, false]);
  });
}

// ---------------------------------------------------------------- GitHub Actions

/** The scripts of the job, by the name of their step. */
function steps(): ReadonlyMap<string, string> {
  const { source, problems } = parse('github-actions.yaml', textOf('github-actions.yaml'));
  assert.deepEqual(problems, []);
  const job = at(source?.value ?? null, 'jobs', 'review', 'steps');
  assert.ok(Array.isArray(job));
  return new Map(
    job.filter(isObject).flatMap(({ name, run }) => (typeof run === 'string' ? [[String(name), run] as const] : [])),
  );
}

function at(value: Json, ...path: readonly string[]): Json {
  return path.reduce<Json>((part, key) => (isObject(part) ? (part[key] ?? null) : null), value);
}

function repository(t: TestContext): Machine {
  const host = machine(t);
  for (const folder of ['runbooks', 'policies']) mkdirSync(host.path(folder));
  cpSync(host.path('paint.yaml'), host.path('runbooks/paint.yaml'));
  cpSync(join(root, 'examples/first-look.yaml'), host.path('runbooks/first-look.yaml'));
  cpSync(host.path('policy.yaml'), host.path('policies/policy.yaml'));
  return host;
}

test('the job of a review checks and plans every runbook, and shows the plans', (t) => {
  const host = repository(t);
  const scripts = steps();
  assert.deepEqual(
    [...scripts.keys()],
    ['Install', 'Check every runbook and policy', 'Plan every runbook', 'Rehearse the mail storm'],
  );
  const checked = host.sh(scripts.get('Check every runbook and policy') ?? '');
  assert.deepEqual([checked.exit, checked.out.match(/^ok {2}/gm)?.length], [0, 3], checked.out);
  const before = host.world();
  const planned = host.sh(scripts.get('Plan every runbook') ?? '', { GITHUB_STEP_SUMMARY: 'summary.md' });
  assert.equal(planned.exit, 0, planned.out);
  assert.match(planned.out, /runbooks\/first-look\.yaml: exit [02]\nrunbooks\/paint\.yaml: exit 0\n/);
  assert.equal(readFileSync(host.path('summary.md'), 'utf8').match(/^# Plan: /gm)?.length, 2);
  assert.deepEqual(host.world(), before);
});

test('the job plans only what was merged: a plan runs the commands of a runbook', () => {
  const job = at(
    parse('github-actions.yaml', textOf('github-actions.yaml')).source?.value ?? null,
    'jobs',
    'review',
    'steps',
  );
  const planning = (Array.isArray(job) ? job : []).filter(
    (step) => isObject(step) && String(step.run).includes('firebreak plan'),
  );
  assert.deepEqual(
    planning.map((step) => at(step, 'if')),
    ["github.event_name == 'push'"],
  );
});

test('a runbook with a mistake makes the job fail', (t) => {
  const host = repository(t);
  host.write('runbooks/bad.yaml', 'firebreak: 1\nrunbok: bad\n');
  const scripts = steps();
  assert.equal(host.sh(scripts.get('Check every runbook and policy') ?? '').exit, 65);
  assert.equal(host.sh(scripts.get('Plan every runbook') ?? '', { GITHUB_STEP_SUMMARY: 'summary.md' }).exit, 65);
});
