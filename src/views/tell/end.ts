import {
  apart,
  because,
  type Document,
  type Item,
  marked,
  section,
  sentence,
  type Tone,
} from '../../model/document.ts';
import type { MissedJob } from '../../model/event.ts';
import { sayLease } from '../../model/host/lease.ts';
import { OUTCOMES, type OutcomeName } from '../../model/outcome.ts';
import { canBeUndone, isCovered, sayWayBack } from '../../model/run/undo.ts';
import { isDrill, openLeases, type RunState, type UndoEntry } from '../../model/state.ts';
import { plural, showDuration } from '../../model/text/quantity.ts';
import { doneText, STATUS } from './event.ts';
import { openNodes } from './open.ts';
import { measuredOf } from './watched.ts';

/**
 * The end of a run, the same for every view: what was done, how each of it is undone, what stays open, and the verdict
 * last, where a screen of 24 lines still shows it.
 */
export function tellEnd(state: RunState): Document {
  return [
    ...done(state),
    ...evidence(state),
    ...rollback(state),
    ...undo(state),
    ...apart(...leases(state)),
    ...missed(state.missed),
    ...section('OPEN', openNodes(state.open), { aside: 'what this run has not cured' }),
    ...verdict(state),
  ];
}

const CALM: readonly OutcomeName[] = [
  'not-this-incident',
  'inconclusive',
  'interrupted',
  'rolled-back',
  'needs-a-human',
];

export function toneOf(outcome: OutcomeName): Tone {
  if (outcome === 'held' || outcome === 'looked-only') return 'good';
  return CALM.includes(outcome) ? 'warn' : 'bad';
}

function verdict(state: RunState): Document {
  const { meta, finished, host, run } = state;
  const { outcome, reasons } = finished ?? { outcome: 'outcome-unknown', reasons: [] };
  const took = meta === null || finished === null ? '' : `, ${showDuration(finished.mono - meta.mono)}`;
  const { name, version } = meta?.runbook ?? {};
  const what = meta === null ? '' : `${isDrill(state) ? 'drill of ' : ''}${name} ${version} on ${host}${took}, `;
  return section(
    'result',
    [
      sentence(outcome.replaceAll('-', ' ').toUpperCase(), toneOf(outcome)),
      ...marked('-', reasons),
      sentence(`${what}exit ${OUTCOMES[outcome].exit}`),
      ...goingOn(state),
      ...(run === '' ? [] : [toType('The whole story: ', `firebreak report ${run}`)]),
    ],
    { look: 'end' },
  );
}

export const toType = (label: string, command: string) => sentence([{ command }], 'bold', label);

/** A run without a verdict can still have one. */
function goingOn(state: RunState): Document {
  const { run, finished, verdict: seen } = state;
  const outcome = finished?.outcome;
  if (isDrill(state)) return [];
  if (outcome === 'outcome-unknown') return [toType('To go on: ', `firebreak resume ${run}`)];
  const again = outcome === 'inconclusive' && seen === 'inconclusive';
  return again ? [toType('To watch again: ', `firebreak resume ${run}`)] : [];
}

// ---------------------------------------------------------------- what was watched and done

function evidence({ steps }: RunState): Document {
  const watches = steps.flatMap(({ watch }) => (watch !== null && watch.samples.length > 0 ? [watch.samples] : []));
  const minutes = watches.flatMap((samples) => samples.at(-1)?.minutes ?? []);
  const seen = minutes.map((count) =>
    sentence(`${plural(count, 'minute')} of cron's seen to run a job`, undefined, '  '),
  );
  return section('WATCHED', [
    ...watches.map((samples) => ({ kind: 'measures', of: measuredOf(samples) }) as const),
    ...seen,
  ]);
}

function done({ steps, rollback: undoing }: RunState): Document {
  const actions = steps.filter(({ kind }) => kind === 'action');
  // A rollback goes on with an earlier run's journal: what it undid is said further down, and is a change.
  const unchanged = undoing === null ? [sentence('Nothing was changed.', 'good')] : [];
  if (actions.every(({ attempts, status }) => attempts === 0 && status === 'waiting')) return apart(...unchanged);
  const items = actions.map((step): Item => {
    const [mark, markTone] = STATUS[step.status];
    return { mark, markTone, name: step.id, text: doneText(step) };
  });
  const nothing = actions.every(({ attempts }) => attempts === 0) ? unchanged : [];
  return section('DONE', [{ kind: 'items', items }, ...nothing]);
}

// ---------------------------------------------------------------- the way back

function rollback({ rollback: state }: RunState): Document {
  if (state === null) return [];
  const items = state.undone.map(({ step, applied: { outcome, summary, reason } }): Item => {
    const [mark, markTone] = outcome === 'done' ? (['✔', 'green'] as const) : (['✘', 'bad'] as const);
    return { mark, markTone, name: step, text: `${summary}${because(reason)}` };
  });
  const left = state.left.map((line) => `not undone: ${line}`);
  return section('UNDONE', [{ kind: 'items', items }, ...marked('!', left, 'bad')], { aside: `because ${state.why}` });
}

/** Rollback notes: always printed, so that nobody has to look for them later. */
function undo({ undo: all }: RunState): Document {
  if (all.length === 0) return [];
  const items = all
    .filter((entry) => !isCovered(entry, all))
    .toReversed()
    .map(undoItem);
  return section('TO UNDO', [{ kind: 'items', items }], { aside: 'what was done, newest first' });
}

function undoItem(entry: UndoEntry): Item {
  const { step, outcome, undo: how } = entry;
  const unsure =
    outcome === 'intended' ? 'outcome unknown; look first. ' : outcome === 'failed' ? 'it failed; look first. ' : '';
  const back = sayWayBack(entry);
  if (canBeUndone(entry)) return { mark: '↶', markTone: 'cyan', name: step, text: `${unsure}${back}` };
  if (how.kind !== 'irreversible') return { mark: ' ', name: step, text: back ?? 'nothing to undo' };
  const kept = how.evidence === '' ? '' : ` Kept: ${how.evidence}`;
  const note = back === null ? '' : `; ${back}`;
  return { mark: '!', markTone: 'bad', name: step, text: `${unsure}IRREVERSIBLE: ${how.because}.${kept}${note}` };
}

// ---------------------------------------------------------------- what stays

const leases = (state: RunState): Document =>
  marked(
    '!',
    openLeases(state).map((lease) => `lease ${lease.key} is still open: ${sayLease(lease)}`),
    'warn',
  );

function missed(jobs: readonly MissedJob[]): Document {
  const lines = jobs.map(({ file, schedule, command, minutes }) => {
    return `${schedule}  ${command}  (${file}) at ${minutes.map(minuteOf).join(', ')}`;
  });
  return section('MISSED', marked('!', lines), { aside: 'jobs whose minute passed while cron was stopped' });
}

const minuteOf = (iso: string): string => /T(\d\d:\d\d)/.exec(iso)?.[1] ?? iso;
