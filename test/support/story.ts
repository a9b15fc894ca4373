import type { Fact, RunEvent } from '../../src/model/event.ts';
import type { Applied, Finding, Observation, Undo } from '../../src/model/verb.ts';

/**
 * The founding incident as a run's facts, small enough to read: for tests of the fold, the report and the list of runs.
 */

export const RUN = '20261123-165504-cron-mail-storm-3f2a';

/** Numbers and stamps: a second apart, from 16:55:04 UTC. */
export function stamped(facts: readonly Fact[], run = RUN): readonly RunEvent[] {
  return facts.map((fact, at) => ({
    v: 1,
    seq: at + 1,
    at: new Date(Date.UTC(2026, 10, 23, 16, 55, 4 + at)).toISOString(),
    mono: 5000 + at * 1000,
    run,
    host: 'lab',
    ...fact,
  }));
}

export const STARTED: Fact = {
  type: 'run.started',
  runbook: {
    name: 'cron-mail-storm',
    version: '1.0.0',
    title: 'cron floods the host with hung sendmail and postdrop',
    path: '/usr/lib/firebreak/runbooks/cron-mail-storm.yaml',
    hash: 'a1b2'.repeat(16),
  },
  text: 'firebreak: 1\n',
  params: { spool: '/var/spool/postfix/maildrop', watch: '8s', ticks: 2 },
  limits: { kill: 2000, delete: 5_000_000, edit: 10, stopped_for: 1_800_000 },
  steps: [
    { id: 'inodes', phase: 'diagnose', verb: 'disk', why: 'a full inode table looks like free space', kind: 'probe' },
    { id: 'mailers', phase: 'diagnose', verb: 'processes', why: null, kind: 'probe' },
    { id: 'stop-cron', phase: 'act', verb: 'stop', why: 'every minute cron adds more mail', kind: 'action' },
    { id: 'kill-mailers', phase: 'act', verb: 'kill', why: 'one freed inode wakes them', kind: 'action' },
    { id: 'silence-jobs', phase: 'act', verb: 'crontab', why: 'no mail while Postfix is down', kind: 'action' },
    { id: 'start-cron', phase: 'act', verb: 'start', why: 'the jobs must run again', kind: 'action' },
    { id: 'calm', phase: 'verify', verb: 'watch', why: null, kind: 'watch' },
  ],
  who: 'root',
  mode: 'unattended',
  policy: { path: '/etc/firebreak/policy.yaml', hash: 'c3d4'.repeat(16) },
  tool: '0.1.0',
  boot: { id: 'boot-1', at: Date.UTC(2026, 10, 23, 9, 12, 0) },
};

const inodes: Finding = {
  summary: '0 of 4 000 inodes free (0 %), 61 % of the blocks free',
  measures: { inodes_free: { value: 0, of: 4000 }, space_free: { value: 61, of: 100 } },
  detail: null,
  blocks: [],
};
const mailers: Finding = {
  summary: '3 processes: 2 sendmail, 1 postdrop',
  measures: { count: 3 },
  detail: null,
  blocks: [
    {
      kind: 'table',
      title: 'processes',
      columns: ['pid', 'name', 'command'],
      rows: [
        ['412', 'sendmail', '/usr/sbin/sendmail -i -FCronDaemon | `root`'],
        ['413', 'postdrop', '/usr/sbin/postdrop -r'],
        ['414', 'sendmail', 'sendmail \u001b[31m<b>'],
      ],
    },
  ],
};

export const DIAGNOSED: readonly Fact[] = [
  STARTED,
  {
    type: 'probe.found',
    step: 'inodes',
    finding: inodes,
    truth: 'yes',
    judgements: [{ truth: 'yes', wanted: 'inodes_free at most 5%', seen: '0 %' }],
  },
  {
    type: 'probe.found',
    step: 'mailers',
    finding: mailers,
    truth: 'informs',
    judgements: [{ truth: 'no', wanted: 'count at least 4', seen: '3' }],
  },
  { type: 'diagnosis.made', verdict: 'this-incident', reasons: [] },
];

interface Acting {
  readonly id: string;
  readonly verb: string;
  readonly observation: Partial<Observation> & Pick<Observation, 'summary' | 'targets'>;
  readonly undo: Undo;
  readonly applied: Partial<Applied> & Pick<Applied, 'summary'>;
}

function observed({ id, observation, undo }: Acting): Fact {
  const shown = {
    verdict: 'change' as const,
    blocks: [],
    costs: {},
    explain: [],
    estimate: null,
    warnings: [],
    ...observation,
    undo,
  };
  return { type: 'action.observed', step: id, observation: shown };
}

/** Up to its intent. */
export function intends(acting: Acting): readonly Fact[] {
  const { id, verb, observation, undo } = acting;
  return [
    { type: 'step.started', step: id, phase: 'act', verb },
    observed(acting),
    { type: 'policy.decided', step: id, decision: { effect: 'allow', reason: 'rule storm allows it', rule: 'storm' } },
    { type: 'action.intended', step: id, verb, attempt: 1, targets: observation.targets, undo, records: {} },
  ];
}

export function applies({ id, applied }: Acting): Fact {
  return { type: 'action.applied', step: id, applied: { outcome: 'done', used: {}, blocks: [], ...applied } };
}

export function acts(acting: Acting): readonly Fact[] {
  return [
    ...intends(acting),
    applies(acting),
    { type: 'step.finished', step: acting.id, outcome: 'done', reason: null },
  ];
}

export const STOP: Acting = {
  id: 'stop-cron',
  verb: 'stop',
  observation: {
    summary: 'stop cron (main process 398)',
    state: { now: 'running', after: 'stopped' },
    targets: { kind: 'service', count: 1, members: ['cron'], detail: null },
    explain: ['/etc/init.d/cron stop'],
  },
  undo: { kind: 'revert', say: 'start cron', data: { name: 'cron' } },
  applied: { summary: 'cron is stopped' },
};
export const KILL: Acting = {
  id: 'kill-mailers',
  verb: 'kill',
  observation: {
    summary: 'kill 3 processes: 2 sendmail, 1 postdrop',
    targets: {
      kind: 'processes',
      count: 3,
      members: ['412 sendmail', '413 postdrop', '414 sendmail'],
      detail: { processes: [{ pid: 412 }, { pid: 413 }, { pid: 414 }] },
    },
    explain: ['kill -TERM 412 413 414'],
    warnings: ['one of them is only 3 s old'],
  },
  undo: { kind: 'irreversible', because: 'an ended process does not come back', evidence: '3 command lines' },
  applied: { summary: '3 processes ended on TERM', used: { kill: 3 } },
};
export const SILENCE: Acting = {
  id: 'silence-jobs',
  verb: 'crontab',
  observation: {
    summary: 'put MAILTO="" above 1 job of root',
    targets: { kind: 'file', count: 1, members: ['/var/spool/cron/crontabs/root'], detail: null },
    blocks: [
      {
        kind: 'diff',
        path: '/var/spool/cron/crontabs/root',
        before: '# ``` fence\n* * * * * /bin/echo hi\n',
        after: '# ``` fence\nMAILTO=""\n* * * * * /bin/echo hi\n',
      },
    ],
    warnings: [],
    explain: ['crontab -u root -e'],
  },
  undo: { kind: 'revert', say: 'put the crontab of root back', data: { path: '/var/spool/cron/crontabs/root' } },
  applied: { summary: '1 crontab installed', used: { edit: 1 } },
};
export const START: Acting = {
  id: 'start-cron',
  verb: 'start',
  observation: {
    summary: 'start cron',
    state: { now: 'stopped', after: 'running' },
    targets: { kind: 'service', count: 1, members: ['cron'], detail: null },
    explain: ['/etc/init.d/cron start'],
  },
  undo: { kind: 'revert', say: 'stop cron', data: { name: 'cron' } },
  applied: { summary: 'cron runs (main process 977)', releases: ['service:cron'] },
};

const LEASE: Fact = {
  type: 'lease.armed',
  step: 'stop-cron',
  key: 'service:cron',
  within: 900_000,
  service: 'cron',
  undo: { name: 'cron' },
  say: 'cron is started again',
  handle: { kind: 'process', id: 'lease-cron.1', pid: 640, start: 6400, boot: 'boot' },
  deadline: { boot: 'boot', uptime: 4_500_000, at: '2026-11-23T17:10:12.000Z' },
};
const RELEASED: Fact = { type: 'lease.released', key: 'service:cron', by: 'start-cron' };

function sample(mailers: number, minutes: number, left: number): Fact {
  return {
    type: 'watch.sampled',
    step: 'calm',
    values: { 'mailers count': mailers, 'mail growth': 0, 'inodes inodes_free': 3977 },
    broken: [],
    minutes,
    left,
  };
}

const [stopStart = STARTED, stopSeen = STARTED, stopAllowed = STARTED, stopIntent = STARTED] = intends(STOP);

/** Up to the stopped cron: the intent of the kill is the last thing known. */
export const STOPPED: readonly Fact[] = [
  ...DIAGNOSED,
  stopStart,
  stopSeen,
  stopAllowed,
  stopIntent,
  LEASE,
  applies(STOP),
  { type: 'step.finished', step: 'stop-cron', outcome: 'done', reason: null },
];

export const HELD: readonly Fact[] = [
  ...STOPPED,
  ...acts(KILL),
  ...acts(SILENCE),
  ...acts(START),
  RELEASED,
  { type: 'step.started', step: 'calm', phase: 'verify', verb: 'watch' },
  sample(0, 0, 8000),
  sample(0, 1, 4000),
  sample(0, 2, 0),
  { type: 'watch.judged', step: 'calm', verdict: 'held', reasons: [] },
  { type: 'step.finished', step: 'calm', outcome: 'done', reason: null },
  {
    type: 'run.finished',
    outcome: 'held',
    verdict: 'held',
    reasons: [],
    open: ['The mail service is still stopped; find out why, then start it.'],
    missed: [
      {
        file: '/var/spool/cron/crontabs/root',
        schedule: '* * * * *',
        command: '/bin/echo hi | tee /run/x',
        minutes: ['2026-11-23T16:56'],
      },
    ],
  },
];
