import type { RunEvent } from '../../model/event.ts';
import type { Json } from '../../model/json.ts';
import { OUTCOMES } from '../../model/outcome.ts';
import { sayDrift, sayMark } from '../../model/run/drift.ts';
import { LIMITS, type LimitName } from '../../model/runbook.ts';
import type { RunState } from '../../model/state.ts';
import { showCount, showDuration } from '../../model/text/quantity.ts';
import { cell, mdTable } from '../markdown.ts';
import type { RunSource } from '../runs.ts';
import { dayText } from './clock.ts';

export function missed({ missed: jobs }: RunState): readonly string[] {
  if (jobs.length === 0) return [];
  const rows = jobs.map(({ file, schedule, command, minutes }) => [
    cell(file),
    cell(schedule),
    cell(command),
    cell(minutes.map((minute) => minute.replace('T', ' ')).join(', ')),
  ]);
  return [
    '## Cron jobs that did not run',
    '',
    'Their minute passed while cron was stopped. Whether one must be made up for is for you to say.',
    '',
    ...mdTable(['crontab', 'schedule', 'command', 'minutes'], rows),
  ];
}

export function circumstances({
  state,
  folder,
  place,
  running,
  events,
}: RunSource & { readonly events: readonly RunEvent[] }): readonly string[] {
  const { meta, finished } = state;
  if (meta === null) return [];
  const { runbook, policy, boot } = meta;
  const params = Object.entries(meta.params).map(([name, value]) => `${name} = ${showParam(value)}`);
  const rows = [
    ...startRows(state),
    ['Runbook', cell(`${runbook.name} ${runbook.version}, ${runbook.path}`)],
    ['Runbook sha256', cell(runbook.hash)],
    ['Parameters', params.map(cell).join('<br>')],
    ...planRows(state),
    ['Policy', policy === null ? 'none: each action was asked for' : cell(`${policy.path}, sha256 ${policy.hash}`)],
    [
      'Limits used',
      LIMITS.flatMap((limit) => limitText(limit, state))
        .map(cell)
        .join(', '),
    ],
    ['Changed for a time', leaseTimes(events).map(cell).join('<br>') || 'nothing'],
    [
      'Host booted',
      `${dayText(new Date(boot.at).toISOString())}, ${showDuration(Math.max(0, Date.parse(meta.at) - boot.at))} before the run`,
    ],
    [
      'Exit code',
      finished === null
        ? running === null
          ? 'none, the run did not finish'
          : 'none yet'
        : `${finished.exit}, ${cell(OUTCOMES[finished.outcome].about)}`,
    ],
    ['Journal', cell(`${folder}${place.home ? '' : ' (not at home: it does not survive a reboot there)'}`)],
    ['Written by', cell(`firebreak ${meta.tool}`)],
  ];
  return ['## Circumstances', '', ...mdTable(['', ''], rows)];
}

/** A rehearsal, and what whoever started it had moved: both change what its other lines mean. */
function startRows({ meta }: RunState): readonly (readonly [string, string])[] {
  const { drill, own } = meta ?? {};
  const { state, lock } = own ?? {};
  return [
    ...(drill
      ? [
          [
            'Drill',
            cell(`in ${drill.scene}; nothing outside of it was touched, and it counts for no real run`),
          ] as const,
        ]
      : []),
    ...(state === undefined
      ? []
      : [
          ['Own journals', cell(`in ${state}, as whoever started it wanted: runs elsewhere were not counted`)] as const,
        ]),
    ...(lock === undefined
      ? []
      : [['Own lock', cell(`${lock}, as whoever started it wanted: other runs were not kept waiting`)] as const]),
  ];
}

function planRows({ meta, drift }: RunState): readonly (readonly [string, string])[] {
  if (meta?.plan === undefined) return [];
  const moved = drift.length === 0 ? [] : [['Since the plan', drift.map(sayDrift).map(cell).join('<br>')] as const];
  return [['Reviewed plan', cell(sayMark(meta.plan))], ...moved];
}

function showParam(value: Json | undefined): string {
  if (Array.isArray(value)) return value.map(showParam).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

/** How long what was stopped for the remedy was stopped. */
function leaseTimes(events: readonly RunEvent[]): readonly string[] {
  return events.flatMap((armed) => {
    if (armed.type !== 'lease.armed') return [];
    const end = events.find(
      (event) =>
        event.seq > armed.seq &&
        (event.type === 'lease.released' || (event.type === 'lease.restored' && event.ok)) &&
        event.key === armed.key,
    );
    if (end === undefined) return [`${armed.key}: not known to have ended`];
    return [
      `${armed.key}: ${showDuration(end.mono - armed.mono)}, ${end.type === 'lease.released' ? `until ${end.by}` : 'then restored'}`,
    ];
  });
}

/** Of these nobody asks where none were: they say how often, not how much. */
const NAMED_WHEN_USED: readonly LimitName[] = ['services', 'commands'];

function limitText(limit: LimitName, { used, meta }: RunState): readonly string[] {
  const most = meta?.limits[limit];
  if (limit === 'stopped_for') return most === undefined ? [] : [`stopped_for at most ${showDuration(most)}`];
  if (used[limit] === 0 && NAMED_WHEN_USED.includes(limit)) return [];
  return [`${limit} ${showCount(used[limit])}${most === undefined ? '' : ` of ${showCount(most)}`}`];
}
