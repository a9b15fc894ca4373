import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inOwnPlaces } from '../test/support/lab/own-places.ts';
import { FIREBREAK, once, type Row, type Table, timed, which } from './_measure.ts';

const STEPS = Array.from({ length: 100 }, (_, at) => `step-${at + 1}`);

/** 100 steps that each run /bin/true: journal, policy and all, against a shell that just runs them. */
export default async function steps(): Promise<Table> {
  const work = mkdtempSync(join(tmpdir(), 'firebreak-bench-'));
  try {
    const script = write(work, 'steps.sh', STEPS.map(() => '/bin/true').join('\n'));
    const shell = 'sh, /bin/true 100 times';
    return {
      title: '100 steps that do nothing',
      rows: [
        { what: shell, milliseconds: timed(['/bin/sh', script], { times: 5 }) },
        { what: 'firebreak run, unattended', milliseconds: ours(work), against: shell },
        ansible(work, shell),
      ],
    };
  } finally {
    rmSync(work, { recursive: true });
  }
}

function ours(work: string): number {
  const noop = { argv: ['/bin/true'], effect: 'write' };
  const runbook = write(
    work,
    'steps.yaml',
    JSON.stringify({
      firebreak: 1,
      runbook: 'steps',
      version: '1.0.0',
      title: 'a hundred steps that do nothing',
      about: 'For the benchmark.',
      limits: { commands: STEPS.length },
      diagnose: [{ id: 'always', run: { argv: ['/bin/true'], effect: 'read' }, expect: { exit: { is: 0 } } }],
      act: STEPS.map((id) => ({ id, why: 'to be counted', run: noop })),
      verify: [{ id: 'still', run: { argv: ['/bin/true'], effect: 'read' }, expect: { exit: { is: 0 } } }],
    }),
  );
  const rule = { id: 'bench', runbook: 'steps', declared_read: 'allow', declared_write: 'allow', cool_down: '0s' };
  const policy = write(work, 'policy.yaml', JSON.stringify({ firebreak_policy: 1, allow: [rule] }));
  const { argv, env } = inOwnPlaces(join(work, 'state'), [
    FIREBREAK,
    'run',
    runbook,
    '--unattended',
    '--policy',
    policy,
  ]);
  const first = once(argv, env);
  if (first.exit !== 0)
    throw new Error(`the runbook of the benchmark ended with ${first.exit}: ${first.stderr}${first.stdout}`);
  return timed(argv, { times: 5, env });
}

function ansible(work: string, against: string): Row {
  const what = 'ansible-playbook, command 100 times';
  const program = which('ansible-playbook');
  if (program === null)
    return { what, milliseconds: null, against, note: 'not installed: apt-get install ansible-core' };
  const tasks = STEPS.map((name) => ({ name, command: '/bin/true' }));
  const playbook = write(work, 'steps.yml', JSON.stringify([{ hosts: 'all', gather_facts: false, tasks }]));
  return { what, milliseconds: timed([program, '-i', 'localhost,', '-c', 'local', playbook], { times: 1 }), against };
}

function write(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, `${text}\n`, { mode: 0o600 });
  return path;
}
