import type { Plan, PlannedAction, PlannedProbe, PlannedWatch } from '../../../src/model/plan.ts';
import { nothingToDo, type Observation } from '../../../src/model/verb.ts';

/**
 * The founding incident as a plan sees it: every kind of block, an irreversible step, names that try to speak to the
 * terminal.
 */
const ASK = { effect: 'ask', reason: 'a person decides', rule: null } as const;

export const CRONTAB =
  '# m h dom mon dow command\n17 3 * * * /usr/local/bin/rotate-nginx\n*/5 * * * * /opt/agent/check --quiet\n';
const SILENCED = `# m h dom mon dow command\nMAILTO=""\n17 3 * * * /usr/local/bin/rotate-nginx\n*/5 * * * * /opt/agent/check --quiet\n`;

export const MAILERS = Array.from({ length: 42 }, (_, at) => ({
  pid: 4100 + at,
  name: at % 2 === 0 ? 'sendmail' : 'postdrop',
  args: at % 2 === 0 ? '/usr/sbin/sendmail -FCronDaemon -i -B8BITMIME -oem root' : '/usr/sbin/postdrop -r',
  age: `${42 - at} min`,
}));

const PROCESS_ROWS = MAILERS.map(({ pid, name, args, age }) => [
  String(pid),
  age,
  'root',
  name,
  'cron(2011) by session',
  args,
]);
const NAMES = Array.from(
  { length: 40 },
  (_, at) => `${(100000 + at * 37).toString(16).toUpperCase()}${(0x1a2b3 + at).toString(16).toUpperCase()}`,
);

const probe = (step: Partial<PlannedProbe> & Pick<PlannedProbe, 'id' | 'verb' | 'finding'>): PlannedProbe => ({
  kind: 'probe',
  phase: 'diagnose',
  why: null,
  arg: {},
  explain: [],
  truth: 'yes',
  judgements: [],
  decisive: true,
  ...step,
});

const found = (summary: string, measures = {}, blocks: Observation['blocks'] = []) => ({
  summary,
  measures,
  detail: null,
  blocks,
});

const action = (
  step: Partial<PlannedAction> & Pick<PlannedAction, 'id' | 'verb' | 'why'>,
  observation: Partial<Observation> & { summary: string },
): PlannedAction => ({
  kind: 'action',
  phase: 'act',
  arg: {},
  explain: [],
  observation: { ...nothingToDo(''), verdict: 'change', ...observation },
  skipped: null,
  before: null,
  decision: ASK,
  onFail: 'stop',
  ask: true,
  undoNote: null,
  ...step,
});

export const stopCron = action(
  { id: 'stop-cron', verb: 'stop', why: 'every minute cron adds more mail' },
  {
    summary: 'stop service cron (sysv)',
    targets: { kind: 'service', count: 1, members: ['cron'], detail: null },
    state: { now: 'running', after: 'stopped' },
    undo: { kind: 'revert', say: 'start cron again', data: null },
    costs: { stopped_for: 900_000 },
    explain: ['service cron stop'],
    estimate: 2000,
    lease: { key: 'service:cron', service: 'cron', within: 900_000, undo: null, say: 'start cron again within 15 min' },
  },
);

export const killMailers = action(
  { id: 'kill-mailers', verb: 'kill', why: 'one freed inode wakes them, and they refill the spool' },
  {
    summary: 'kill 42 processes: 21 postdrop, 21 sendmail',
    targets: { kind: 'processes', count: 42, members: MAILERS.map(({ pid, name }) => `${name}(${pid})`), detail: null },
    blocks: [
      {
        kind: 'table',
        title: '',
        columns: ['pid', 'age', 'user', 'name', 'started by', 'command'],
        rows: PROCESS_ROWS,
      },
    ],
    undo: {
      kind: 'irreversible',
      because: 'a process that has ended does not come back',
      evidence: 'pid, start time, user and command line of each, in the journal',
    },
    costs: { kill: 42 },
    explain: ['pkill -TERM -s 2011 sendmail', 'pkill -TERM -s 2011 postdrop'],
    estimate: 5000,
  },
);

export const emptyMaildrop = action(
  { id: 'empty-maildrop', verb: 'delete', why: 'these files hold the inodes' },
  {
    summary: 'delete 3 977 files in /var/spool/postfix/maildrop',
    targets: { kind: 'files', count: 3977, bytes: 2_431_004, members: NAMES, detail: null },
    blocks: [
      {
        kind: 'table',
        title: 'by owner',
        columns: ['owner', 'files', 'size', 'oldest', 'newest', 'cron mail in a sample'],
        rows: [
          ['root', '3 960', '2.3 MiB', '2026-11-22 23:10', '2026-11-23 02:58', '50 of 50'],
          ['alice', '17', '12.1 KiB', '2026-11-22 23:11', '2026-11-23 01:02', '3 of 17'],
        ],
      },
    ],
    undo: {
      kind: 'irreversible',
      because: 'a deleted file does not come back',
      evidence: 'count, bytes, digest and a sample of the names',
    },
    costs: { delete: 3977 },
    explain: [
      "find /var/spool/postfix/maildrop -maxdepth 1 -type f -regextype posix-extended -regex '.*/[0-9A-Za-z_.]+' -delete",
    ],
    estimate: 900,
    warnings: ["14 files of alice's sample are not cron's mail: they would be lost"],
  },
);

export const silenceJobs = action(
  { id: 'silence-jobs', verb: 'crontab', why: 'no mail while Postfix is down' },
  {
    summary: 'edit 1 crontab: MAILTO="" above root\'s 2 jobs',
    targets: { kind: 'file', count: 1, members: ['/var/spool/cron/crontabs/root'], detail: null },
    blocks: [{ kind: 'diff', path: '/var/spool/cron/crontabs/root', before: CRONTAB, after: SILENCED }],
    undo: {
      kind: 'revert',
      say: "put root's crontab back as it was, unless somebody has changed it since",
      data: null,
    },
    costs: { edit: 1 },
    explain: ['crontab -u root -e'],
    estimate: 200,
  },
);

export const startCron = action(
  { id: 'start-cron', verb: 'start', why: 'the jobs must run again', before: 'stopped' },
  {
    summary: 'start service cron (sysv)',
    targets: { kind: 'service', count: 1, members: ['cron'], detail: null },
    state: { now: 'running', after: 'running' },
    undo: { kind: 'revert', say: 'stop cron again', data: null },
    explain: ['service cron start'],
    estimate: 2000,
  },
);

export const calm: PlannedWatch = {
  kind: 'watch',
  id: 'calm',
  phase: 'verify',
  verb: 'watch',
  why: "over two of cron's minutes no mailer may hang and no mail may pile up",
  arg: {},
  explain: [],
  watch: {
    for: 600_000,
    every: 15_000,
    proof: { cronMinutes: 2, services: ['crond', 'cron'] },
    hold: [
      { of: 'mailers', measure: 'count', wanted: 'mailers: count at most 0' },
      { of: 'mail', measure: 'growth', wanted: 'mail: growth at most 0' },
      { of: 'inodes', measure: 'inodes_free', wanted: 'inodes: inodes free at least 20%' },
    ],
  },
};

export const probes: readonly PlannedProbe[] = [
  probe({
    id: 'inodes',
    verb: 'disk',
    why: 'a full inode table looks like free space',
    finding: found('0 of 4 000 inodes free (0 %), 61 % of the blocks free'),
    judgements: [{ truth: 'yes', wanted: 'inodes free at most 5%', seen: '0%' }],
    explain: ['df -i /var/spool/postfix/maildrop'],
  }),
  probe({
    id: 'postfix',
    verb: 'service',
    why: 'nothing empties maildrop while the mail service is down',
    finding: found('postfix is stopped, disabled, since 2026-11-22 23:04'),
    judgements: [{ truth: 'yes', wanted: 'state is stopped', seen: 'stopped' }],
  }),
  probe({
    id: 'mailers',
    verb: 'processes',
    why: 'the hung mailers that cron started; somebody may have killed them by hand already',
    finding: found('42 processes, 1 a minute: 21 postdrop, 21 sendmail; all by cron(2011)', {}, [
      { kind: 'series', title: 'started, each minute', values: [1, 1, 1, 2, 1, 1, 1, 1, 2, 1, 1, 3, 1, 1] },
    ]),
    truth: 'informs',
    decisive: false,
    judgements: [{ truth: 'yes', wanted: 'count at least 4', seen: '42' }],
  }),
  probe({
    id: 'mail',
    verb: 'files',
    why: 'one small file for each undelivered mail',
    finding: found('3 977 files, 2.3 MiB, oldest 2026-11-22 23:10, newest 2026-11-23 02:58'),
    judgements: [{ truth: 'yes', wanted: 'count at least 1000', seen: '3 977' }],
  }),
  probe({
    id: 'jobs',
    verb: 'cron_jobs',
    why: 'the jobs whose output cron mails',
    finding: found('2 jobs mail their output to root', {}, [
      {
        kind: 'table',
        title: '',
        columns: ['file', 'line', 'user', 'schedule', 'mailed to', 'command'],
        rows: [
          ['/var/spool/cron/crontabs/root', '2', 'root', '17 3 * * *', 'root', '/usr/local/bin/rotate-nginx'],
          ['/var/spool/cron/crontabs/root', '3', 'root', '*/5 * * * *', 'root', '/opt/agent/check --quiet'],
        ],
      },
    ]),
    judgements: [{ truth: 'yes', wanted: 'count at least 1', seen: '2' }],
  }),
];

export const OPEN = 'The mail service is still stopped; find out why, then start it.';

export const demoPlan: Plan = {
  runbook: {
    name: 'cron-mail-storm',
    version: '1.0.0',
    title: 'cron floods the host with hung sendmail and postdrop',
    path: '/opt/firebreak/runbooks/cron-mail-storm.yaml',
    hash: '3f2a9c81d0e45b7790d2c1aa',
  },
  host: 'web-7',
  at: Date.UTC(2026, 10, 23, 2, 59, 30),
  params: {
    spool: '/var/spool/postfix/maildrop',
    watch: '10m',
    ticks: 2,
    lease: '15m',
    cron_services: ['crond', 'cron'],
  },
  limits: { kill: 2000, delete: 5_000_000, edit: 10, stopped_for: 1_800_000 },
  diagnosis: { verdict: 'this-incident', reasons: [] },
  steps: [...probes, stopCron, killMailers, emptyMaildrop, silenceJobs, startCron, calm],
  open: [OPEN],
  estimate: 610_100,
  refusal: null,
};
