import { EVENT_VERSION, type Fact, type RunEvent } from '../../../src/model/event.ts';
import { withoutKept } from '../../../src/model/verb.ts';
import {
  calm,
  demoPlan,
  emptyMaildrop,
  killMailers,
  OPEN,
  probes,
  silenceJobs,
  startCron,
  stopCron,
} from './demo-plan.ts';

/** One step of the stream: after how many milliseconds, what. */
type Beat = readonly [after: number, fact: Fact];

const ACTIONS = [stopCron, killMailers, emptyMaildrop, silenceJobs, startCron];

const APPLIED: Readonly<
  Record<
    string,
    { readonly summary: string; readonly took: number; readonly progress: readonly [number, number, string][] }
  >
> = {
  'stop-cron': { summary: 'cron is stopped', took: 900, progress: [] },
  'kill-mailers': {
    summary: '42 processes ended, 3 of them only with KILL',
    took: 5200,
    progress: [
      [0, 42, 'TERM sent to 42; 42 live'],
      [39, 42, 'TERM sent to 42; 3 live, KILL in 4 s'],
      [42, 42, 'KILL sent to 3; 0 live'],
    ],
  },
  'empty-maildrop': {
    summary: 'deleted 3 977 files, 2.3 MiB',
    took: 2400,
    progress: [
      [1000, 3977, '1 000 of 3 977 files'],
      [2000, 3977, '2 000 of 3 977 files'],
      [3000, 3977, '3 000 of 3 977 files'],
      [3977, 3977, '3 977 of 3 977 files'],
    ],
  },
  'silence-jobs': { summary: 'installed root\'s crontab: MAILTO="" above 2 jobs', took: 300, progress: [] },
  'start-cron': { summary: 'cron runs, pid 7012', took: 1100, progress: [] },
};

const started: Beat = [
  0,
  {
    type: 'run.started',
    runbook: demoPlan.runbook,
    text: 'firebreak: 1\n',
    params: demoPlan.params,
    limits: demoPlan.limits,
    steps: demoPlan.steps.map(({ id, phase, verb, why, kind }) => ({ id, phase, verb, why, kind })),
    who: 'alice',
    mode: 'interactive',
    policy: null,
    tool: '0.1.0',
    boot: { id: 'b00t', at: Date.UTC(2026, 10, 22, 23, 3) },
  },
];

const diagnosis: readonly Beat[] = [
  ...probes.flatMap(({ id, phase, verb, finding, truth, judgements }): readonly Beat[] =>
    finding === null || truth === 'not-looked'
      ? []
      : [
          [20, { type: 'step.started', step: id, phase, verb }],
          [350, { type: 'probe.found', step: id, finding, truth, judgements }],
          [1, { type: 'step.finished', step: id, outcome: 'done', reason: null }],
        ],
  ),
  [10, { type: 'diagnosis.made', verdict: 'this-incident', reasons: [] }],
];

function action(id: string): readonly Beat[] {
  const step = ACTIONS.find((one) => one.id === id);
  const done = APPLIED[id];
  if (step?.observation == null || done === undefined) throw new Error(`no such action: ${id}`);
  const { targets, undo, summary } = step.observation;
  const each = done.took / (done.progress.length + 1);
  return [
    [20, { type: 'step.started', step: id, phase: 'act', verb: step.verb }],
    [100, { type: 'action.observed', step: id, observation: withoutKept(step.observation) }],
    [1, { type: 'approval.asked', step: id, question: summary }],
    [1, { type: 'approval.given', step: id, choice: 'run', by: 'alice', reason: null }],
    [1, { type: 'action.intended', step: id, verb: step.verb, attempt: 1, targets, undo, records: {} }],
    ...(step.observation.lease ? [[1, { type: 'lease.armed', step: id, ...step.observation.lease }] as Beat] : []),
    ...done.progress.map(
      ([count, total, text]): Beat => [
        each,
        { type: 'action.progress', step: id, progress: { done: count, total, rate: 1660, text } },
      ],
    ),
    [
      each,
      {
        type: 'action.applied',
        step: id,
        applied: { outcome: 'done', summary: done.summary, used: step.observation.costs, blocks: [] },
      },
    ],
    ...(id === 'start-cron' ? [[1, { type: 'lease.released', key: 'service:cron', by: id }] as Beat] : []),
    [1, { type: 'step.finished', step: id, outcome: 'done', reason: null }],
  ];
}

/** `grows`: mail comes back from the middle on. */
function watch(grows: boolean): readonly Beat[] {
  const samples = grows ? 21 : 41;
  return [
    [20, { type: 'step.started', step: calm.id, phase: 'verify', verb: 'watch' }],
    ...Array.from({ length: samples }, (_, at): Beat => {
      const growth = grows && at === samples - 1 ? 2 : 0;
      const broken = growth > 0 ? ['mail: wanted growth at most 0, seen 2'] : [];
      const values = { 'mailers count': 0, 'mail growth': growth, 'inodes inodes_free': 3960 + (at % 3) };
      return [
        at === 0 ? 10 : 15_000,
        {
          type: 'watch.sampled',
          step: calm.id,
          values,
          broken,
          minutes: Math.min(2, Math.floor(at / 6)),
          left: 600_000 - at * 15_000,
        },
      ];
    }),
    [
      1,
      {
        type: 'watch.judged',
        step: calm.id,
        verdict: grows ? 'recurred' : 'held',
        reasons: grows ? ['mail: wanted growth at most 0, seen 2'] : [],
      },
    ],
    [
      1,
      { type: 'step.finished', step: calm.id, outcome: grows ? 'failed' : 'done', reason: grows ? 'recurred' : null },
    ],
  ];
}

const missed = [
  {
    file: '/var/spool/cron/crontabs/root',
    schedule: '*/5 * * * *',
    command: '/opt/agent/check --quiet',
    minutes: ['2026-11-23T03:00Z', '2026-11-23T03:05Z'],
  },
];

const held: readonly Beat[] = [
  started,
  ...diagnosis,
  ...ACTIONS.flatMap(({ id }) => action(id)),
  ...watch(false),
  [5, { type: 'run.finished', outcome: 'held', verdict: 'held', reasons: [], open: [OPEN], missed }],
];

const recurred: readonly Beat[] = [
  started,
  ...diagnosis,
  ...['stop-cron', 'kill-mailers', 'empty-maildrop'].flatMap(action),
  [20, { type: 'step.started', step: 'silence-jobs', phase: 'act', verb: 'crontab' }],
  [
    10,
    {
      type: 'approval.given',
      step: 'silence-jobs',
      choice: 'skip',
      by: 'alice',
      reason: 'the owner of the job is asleep',
    },
  ],
  [1, { type: 'step.finished', step: 'silence-jobs', outcome: 'skipped', reason: 'the owner of the job is asleep' }],
  ...action('start-cron'),
  ...watch(true),
  [
    5,
    {
      type: 'run.finished',
      outcome: 'recurred',
      verdict: 'recurred',
      reasons: ['mail: wanted growth at most 0, seen 2'],
      open: [OPEN],
      missed,
    },
  ],
];

const undone: readonly Beat[] = [
  started,
  ...diagnosis,
  ...action('stop-cron'),
  [20, { type: 'step.started', step: 'kill-mailers', phase: 'act', verb: 'kill' }],
  [
    1,
    {
      type: 'action.intended',
      step: 'kill-mailers',
      verb: 'kill',
      attempt: 1,
      targets: { kind: 'processes', count: 42, members: [], detail: null },
      undo: { kind: 'nothing' },
      records: {},
    },
  ],
  [
    500,
    {
      type: 'action.applied',
      step: 'kill-mailers',
      applied: {
        outcome: 'failed',
        summary: 'no process could be signalled',
        reason: 'EPERM: operation not permitted',
        used: {},
        blocks: [],
      },
    },
  ],
  [1, { type: 'step.finished', step: 'kill-mailers', outcome: 'failed', reason: 'EPERM: operation not permitted' }],
  [1, { type: 'interrupted', signal: 'SIGINT', doing: 'kill-mailers' }],
  [1, { type: 'rollback.started', why: 'kill-mailers failed', steps: ['stop-cron'] }],
  [1, { type: 'undo.intended', step: 'stop-cron', say: 'start cron again' }],
  [
    800,
    {
      type: 'undo.applied',
      step: 'stop-cron',
      applied: { outcome: 'done', summary: 'cron runs, pid 7012', used: {}, blocks: [] },
    },
  ],
  [1, { type: 'lease.restored', key: 'service:cron', ok: true, summary: 'cron runs' }],
  [1, { type: 'rollback.finished', complete: true, left: [] }],
  [
    1,
    {
      type: 'run.finished',
      outcome: 'rolled-back',
      verdict: null,
      reasons: ['kill-mailers failed: EPERM: operation not permitted'],
      open: [OPEN],
      missed: [],
    },
  ],
];

const elsewhere: readonly Beat[] = [
  started,
  [20, { type: 'step.started', step: 'inodes', phase: 'diagnose', verb: 'disk' }],
  [
    50,
    {
      type: 'probe.found',
      step: 'inodes',
      finding: { summary: '3 990 of 4 000 inodes free (99 %)', measures: {}, detail: null, blocks: [] },
      truth: 'no',
      judgements: [{ truth: 'no', wanted: 'inodes free at most 5%', seen: '99%' }],
    },
  ],
  [
    1,
    {
      type: 'diagnosis.made',
      verdict: 'not-this-incident',
      reasons: ['inodes: wanted inodes free at most 5%, seen 99%'],
    },
  ],
  [
    1,
    {
      type: 'run.finished',
      outcome: 'not-this-incident',
      verdict: null,
      reasons: ['inodes: wanted inodes free at most 5%, seen 99%'],
      open: [],
      missed: [],
    },
  ],
];

/** Nobody is asked, and the very first look of the watch finds it broken. */
const atOnce: readonly Beat[] = recurred.filter(
  ([, fact]) => fact.type !== 'approval.asked' && (fact.type !== 'watch.sampled' || fact.broken.length > 0),
);

export const STORIES = { held, recurred, undone, elsewhere, 'at-once': atOnce } as const;
export type Story = keyof typeof STORIES;

/** The story as a run would tell it, stamped with its own clock. */
export function demoEvents(story: Story): readonly RunEvent[] {
  let mono = 5000;
  return STORIES[story].map(([after, fact], at) => {
    mono += after;
    const time = new Date(demoPlan.at + mono - 5000).toISOString();
    return { v: EVENT_VERSION, seq: at + 1, at: time, mono, run: '20261123-025930-k3f9', host: 'web-7', ...fact };
  });
}
