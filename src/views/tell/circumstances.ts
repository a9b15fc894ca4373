import { type Document, section, sentence, type Text } from '../../model/document.ts';
import type { RunEvent } from '../../model/event.ts';
import { OUTCOMES, type OutcomeName } from '../../model/outcome.ts';
import { sayDrift, sayMark } from '../../model/run/drift.ts';
import { LIMITS, type LimitName } from '../../model/runbook.ts';
import type { RunState } from '../../model/state.ts';
import { showCount, showDuration } from '../../model/text/quantity.ts';
import { dayText } from './clock.ts';
import { pairsOf } from './plan.ts';
import type { RunSource } from './runs.ts';

export function missed({ missed: jobs }: RunState): Document {
  const rows = jobs.map(({ file, schedule, command, minutes }) => [
    ...[file, schedule, command],
    minutes.map((minute) => minute.replace('T', ' ')).join(', '),
  ]);
  const columns = ['crontab', 'schedule', 'command', 'minutes'];
  const say = 'Their minute passed while cron was stopped. Whether one must be made up for is for you to say.';
  return section(
    'Cron jobs that did not run',
    jobs.length === 0 ? [] : [sentence(say), { kind: 'rows', columns, rows }],
  );
}

type Row = readonly [label: string, text: Text];

export function circumstances({
  state,
  folder,
  place,
  running,
  events,
}: RunSource & { readonly events: readonly RunEvent[] }): Document {
  const { meta, finished } = state;
  if (meta === null) return [];
  const { runbook, policy, boot } = meta;
  const changed = leaseTimes(events);
  const before = showDuration(Math.max(0, Date.parse(meta.at) - boot.at));
  const rows: readonly Row[] = [
    ...startRows(state),
    ['Runbook', `${runbook.name} ${runbook.version}, ${runbook.path}`],
    ['Runbook sha256', runbook.hash],
    ['Parameters', [{ pairs: pairsOf(meta.params, ', ') }]],
    ...planRows(state),
    ['Policy', policy === null ? 'none: each action was asked for' : `${policy.path}, sha256 ${policy.hash}`],
    ['Limits used', LIMITS.flatMap((limit) => limitText(limit, state)).join(', ')],
    ['Changed for a time', changed.length === 0 ? 'nothing' : [{ list: changed }]],
    ['Host booted', `${dayText(new Date(boot.at).toISOString())}, ${before} before the run`],
    ['Exit code', exitText(finished, running === null ? 'none, the run did not finish' : 'none yet')],
    ...keptRows(folder, place.home, meta.tool),
  ];
  return section('CIRCUMSTANCES', [{ kind: 'card', rows }]);
}

export const exitText = (
  finished: { readonly exit: number; readonly outcome: OutcomeName } | null,
  none: string,
): string => (finished === null ? none : `${finished.exit}, ${OUTCOMES[finished.outcome].about}`);

export const keptRows = (folder: string, home: boolean, tool: string): readonly Row[] => [
  ['Journal', `${folder}${home ? '' : ' (not at home: it does not survive a reboot there)'}`],
  ['Written by', `firebreak ${tool}`],
];

/** A rehearsal, and changed places: both change the meaning of the other lines. */
function startRows({ meta }: RunState): readonly Row[] {
  const { drill, own } = meta ?? {};
  const { state, lock } = own ?? {};
  const wanted = 'as whoever started it wanted';
  return [
    ...row('Drill', drill && `in ${drill.scene}; nothing outside of it was touched, and it counts for no real run`),
    ...row('Own journals', state && `in ${state}, ${wanted}: runs elsewhere were not counted`),
    ...row('Own lock', lock && `${lock}, ${wanted}: other runs were not kept waiting`),
  ];
}

const row = (label: string, text: Text | undefined): readonly Row[] => (text === undefined ? [] : [[label, text]]);

function planRows({ meta, drift }: RunState): readonly Row[] {
  const moved = drift.length === 0 ? undefined : [{ list: drift.map(sayDrift) }];
  return meta?.plan === undefined ? [] : [['Reviewed plan', sayMark(meta.plan)], ...row('Since the plan', moved)];
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

/** Counters that are shown only if they are not zero. */
const NAMED_WHEN_USED: readonly LimitName[] = ['services', 'commands'];

function limitText(limit: LimitName, { used, meta }: RunState): readonly string[] {
  const most = meta?.limits[limit];
  if (limit === 'stopped_for') return most === undefined ? [] : [`stopped_for at most ${showDuration(most)}`];
  if (used[limit] === 0 && NAMED_WHEN_USED.includes(limit)) return [];
  return [`${limit} ${showCount(used[limit])}${most === undefined ? '' : ` of ${showCount(most)}`}`];
}
