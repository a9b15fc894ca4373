import {
  apart,
  type Document,
  type DocumentNode,
  fact,
  facts,
  marked,
  type Span,
  section,
  sentence,
  type Telling,
  type Text,
  withCommand,
} from '../../model/document.ts';
import type { RunEvent } from '../../model/event.ts';
import { sayLease } from '../../model/host/lease.ts';
import { OUTCOMES } from '../../model/outcome.ts';
import { canBeUndone, isCovered, sayWayBack } from '../../model/run/undo.ts';
import {
  elapsed,
  isDrill,
  lastThing,
  openLeases,
  type RunState,
  type StepState,
  stateOf,
  unknownSteps,
} from '../../model/state.ts';
import { plural, showCount, showDuration } from '../../model/text/quantity.ts';
import type { Undo } from '../../model/verb.ts';
import { circumstances, missed } from './circumstances.ts';
import { clockText, dayText } from './clock.ts';
import { changesNamed, changesOf } from './counts.ts';
import { doneText } from './event.ts';
import { type RunSource, rowOf } from './runs.ts';
import { timelineOf } from './timeline.ts';
import { verdict } from './verdict.ts';

/** A run as its journal tells it. */
export interface Reported extends RunSource {
  readonly events: readonly RunEvent[];
}

/** Folds a journal's events for a report. */
export function reportOf(source: Omit<Reported, 'state'>): Reported {
  return { ...source, state: stateOf(source.events) };
}

/**
 * What a colleague reads in the morning: first what happened and what is left to do, then how it went, then everything
 * that was seen. For programs the row of `runs --json`, the whole state and the timeline.
 */
export function tellReport(reported: Reported): Telling {
  const { state, events } = reported;
  return {
    document: () => [
      ...apart(...head(reported)),
      ...openItems(reported),
      ...timeline(events),
      ...verdict(state),
      ...changes(state),
      ...findings(state),
      ...rollbackNotes(state),
      ...missed(state),
      ...circumstances(reported),
    ],
    record: () => ({
      report: 1,
      ...rowOf(reported),
      timeline: timelineOf(events),
      state: { ...state, leases: openLeases(state) },
    }),
  };
}

// ---------------------------------------------------------------- the story

/** A text with some of it strong, between two `*`: for sentences of ours, never for what a host said. */
type Told = readonly Span[];

function head({ id, state, problem, damaged, running }: RunSource): Document {
  const { name, title } = state.meta?.runbook ?? { name: 'a run that was not started', title: '' };
  const result = damaged ? 'journal damaged' : running === null ? resultOf(state) : 'running';
  const text = `${isDrill(state) ? 'Drill of ' : ''}${name} on ${state.host}: ${result}`;
  return [
    { kind: 'title', text, page: text, below: [] },
    ...damage(problem),
    sentence([...(title === '' ? [] : [`${title} · `]), 'run ', { code: id }]),
    sentence(joined(damaged ? readSoFar(state) : story(state, running))),
  ];
}

export const damage = (problem: string | null): Document =>
  problem === null
    ? []
    : [
        {
          kind: 'warning',
          text: [{ strong: 'The journal is not whole:' }, ` ${problem}. This report tells what can be read.`],
        },
      ];

/** Sentences behind each other; empty ones are none. */
export function joined(sentences: readonly Told[]): Text {
  return sentences.filter(({ length }) => length > 0).flatMap((told, at) => (at === 0 ? told : [' ', ...told]));
}

function resultOf({ finished }: RunState): string {
  return finished === null ? 'unfinished' : finished.outcome.replaceAll('-', ' ');
}

/** What a damaged journal does not say may have happened. */
const readSoFar = (state: RunState): readonly Told[] => [
  whenTold(state),
  ...(state.diagnosis === null ? [] : [diagnosisTold(state)]),
  ...(state.steps.some(({ attempts }) => attempts > 0) ? [doneTold(state)] : []),
  [{ strong: 'What was changed from there on cannot be told' }, ': look before you go on.'],
];

function story(state: RunState, running: string | null): readonly Told[] {
  const at = state.current === null ? '' : `, just now at ${state.current}`;
  const end: readonly Told[] =
    running === null ? [endTold(state), openTold(state)] : [[{ strong: 'It goes on' }, `, ${running}${at}.`]];
  return [whenTold(state), diagnosisTold(state), doneTold(state), verdictTold(state), ...end];
}

function whenTold(state: RunState): Told {
  const { meta, resumes } = state;
  if (meta === null) return [];
  const took = `${showDuration(elapsed(state))}${takenUpText(resumes)}`;
  return [`${dayText(meta.at)}, ${took}, ${meta.mode} by ${meta.who}.`];
}

export const takenUpText = (resumes: number): string =>
  resumes === 0 ? '' : `, taken up again ${plural(resumes, 'time')}`;

const reasonsText = (reasons: readonly string[]): string => (reasons.length === 0 ? '' : `: ${reasons.join('; ')}`);

function diagnosisTold({ diagnosis }: RunState): Told {
  if (diagnosis === null) return ['It was not diagnosed.'];
  const why = reasonsText(diagnosis.reasons);
  switch (diagnosis.verdict) {
    case 'this-incident':
      return [`It was this incident${why}.`];
    case 'looked-only':
      return ['It was looked at ', { strong: 'only' }, ': nothing in the runbook decides whether this is an incident.'];
    case 'not-this-incident':
      return ['It was ', { strong: 'not this incident' }, `${why}.`];
    case 'unknown':
      return ['It ', { strong: 'could not be told' }, ` whether it was this incident${why}.`];
  }
}

function doneTold(state: RunState): Told {
  const { steps } = state;
  const counts = changesNamed(changesOf(state));
  const acted = steps.filter(({ attempts, status }) => attempts > 0 && status !== 'acting').length;
  if (steps.every(({ attempts }) => attempts === 0)) return [{ strong: 'Nothing was changed.' }];
  return [`${plural(acted, 'action')} ran${counts.length === 0 ? '' : `: ${counts.join(', ')}`}.`];
}

const verdictTold = ({ verdict: word, verdictReasons }: RunState): Told =>
  word === null ? [] : ['The verdict is ', { strong: word }, `${reasonsText(verdictReasons)}.`];

function endTold(state: RunState): Told {
  if (state.finished === null) {
    const last = `; the last thing known is ${lastThing(state)}. `;
    return [
      { strong: 'The run did not finish' },
      last,
      'What was intended and has no outcome is unknown: look before you go on.',
    ];
  }
  const { outcome, reasons } = state.finished;
  if (outcome === state.verdict || outcome === 'not-this-incident') return [];
  return [`It ended ${OUTCOMES[outcome].about}${reasonsText(reasons)}.`];
}

function openTold(state: RunState): Told {
  const count = openTexts(state).length;
  return count === 0 ? [] : [`${plural(count, 'thing')} ${count === 1 ? 'stays' : 'stay'} open.`];
}

/** Of a run that goes on nothing is left to anybody yet. */
function openItems({ state, running }: RunSource): Document {
  const texts = running === null ? openTexts(state) : [];
  const items = texts.map((text) => ({ mark: '!', text }));
  return section('OPEN', items.length === 0 ? [] : [{ kind: 'items', todo: true, items }]);
}

export const unknownText = (step: string): Text => [
  { strong: `${step}: its outcome is unknown.` },
  ' Look at the host before anything is done again.',
];

function openTexts(state: RunState): readonly Text[] {
  return [
    ...unknownSteps(state).map(unknownText),
    ...openLeases(state).map(
      (lease) =>
        `The lease ${lease.key} of ${clockText(lease.armed.at)} is neither released nor restored: ${sayLease(lease)}.`,
    ),
    ...(state.rollback?.left ?? []).map((line) => `Not undone: ${line}`),
    ...state.open.map(withCommand),
  ];
}

function timeline(events: readonly RunEvent[]): Document {
  const rows = timelineOf(events).map(({ at, offset, step, text }) => [clockText(at), offset, step ?? '', text]);
  const columns = ['UTC', 'after', 'step', 'what'];
  return section('TIMELINE', rows.length === 0 ? [] : [{ kind: 'rows', columns, rows }]);
}

// ---------------------------------------------------------------- what was done

function changes({ steps }: RunState): Document {
  return section('ACTIONS', steps.filter(({ kind, status }) => kind === 'action' && status !== 'waiting').map(action));
}

function action(step: StepState, at: number): DocumentNode {
  const { observation, applied, id, status, why, attempts } = step;
  const { summary, state, blocks = [], warnings = [], explain = [], undo } = observation ?? {};
  const seen = `${summary}${state === undefined ? '' : ` (${state.now} → ${state.after})`}`;
  return {
    ...{ kind: 'entry', mark: String(at + 1), name: id, status: status.replaceAll('-', ' '), after: [] },
    inside: [
      ...(why === null ? [] : [{ kind: 'reason', text: why } as const]),
      fact('result', doneText(step)),
      ...(observation === null ? [] : [fact('seen before', seen)]),
      ...decided(step),
      ...(attempts > 1 ? [fact('attempts', String(attempts))] : []),
      ...(undo === undefined || attempts === 0 ? [] : [fact('undo', wayBack(step, applied?.undo ?? undo))]),
      ...facts('warning', warnings),
      ...targets(step),
      { kind: 'blocks', blocks, past: true },
      { kind: 'blocks', blocks: applied?.blocks ?? [], past: true },
      ...(explain.length === 0 ? [] : [{ ...BY_HAND, lines: explain }]),
    ],
  };
}

const BY_HAND = { kind: 'commands', label: 'by hand', page: 'What a person could have typed instead:' } as const;

function decided({ approval, decision }: StepState): Document {
  if (approval === null)
    return decision === null ? [] : [fact('decided', `${decision.effect} by the policy, ${decision.reason}`)];
  const { choice, by, at, reason } = approval;
  const why = reason === null ? '' : `: ${reason}`;
  return [fact('decided', `${choice.replaceAll('-', ' ')}, by ${by} at ${clockText(at)} UTC${why}`)];
}

function wayBack({ declared }: StepState, undo: Undo): string {
  if (declared === undefined) return undoText(undo);
  if (declared.kind === 'note') return `${undoText(undo)}; by hand: ${declared.text}`;
  const steps = declared.steps.map(({ say }) => say).join(', then ');
  return undo.kind === 'revert' ? `${undoText(undo)}, then ${steps}` : `${steps} (by itself ${undoText(undo)})`;
}

function undoText(undo: Undo): string {
  switch (undo.kind) {
    case 'revert':
      return undo.say;
    case 'irreversible':
      return `irreversible, ${undo.because}. Kept: ${undo.evidence}`;
    case 'nothing':
      return 'nothing to undo';
  }
}

/**
 * What the intent named: a table of the observation's says the same with more, so the bare list is shown only without
 * one.
 */
function targets({ targets: named, observation }: StepState): Document {
  const isTold = observation?.blocks.some(({ kind }) => kind === 'table' || kind === 'diff');
  if (named === null || named.members.length === 0 || isTold) return [];
  const { count, kind, members } = named;
  return [{ kind: 'names', label: 'targets', text: `${showCount(count)} (${kind})`, names: members, count }];
}

// ---------------------------------------------------------------- what was seen, and the way back

function findings({ steps }: RunState): Document {
  return section('FINDINGS', steps.flatMap(finding));
}

function finding({ id, why, finding: found, truth, judgements }: StepState): Document {
  if (found === null) return [];
  const judged = judgements.map(({ truth: is, wanted, seen }) => `${is}: wanted ${wanted}, seen ${seen}`);
  return [
    {
      ...{ kind: 'entry', mark: '·', name: id, after: [] },
      status: truth === 'informs' ? 'informs only' : (truth ?? 'not judged'),
      inside: [
        sentence([{ strong: found.summary }, why === null ? '' : `; ${why}`]),
        ...marked('-', judged),
        { kind: 'blocks', blocks: found.blocks, past: true },
      ],
    },
  ];
}

function rollbackNotes({ rollback, undo }: RunState): Document {
  const undone = (rollback?.undone ?? []).map(
    ({ step, applied }) => `${step}: ${applied.outcome}, ${applied.reason ?? applied.summary}`,
  );
  const left = undo.filter((entry) => !isCovered(entry, undo)).toReversed();
  const texts = left.map((entry) => {
    const { step, outcome, undo: how } = entry;
    const back = sayWayBack(entry);
    const way = canBeUndone(entry) ? (back ?? '') : `${undoText(how)}${back === null ? '' : `; ${back}`}`;
    const known = outcome === 'done' || outcome === 'partial';
    const unsure = known ? '' : ` (${outcome === 'intended' ? 'outcome unknown' : 'it failed'}: look first)`;
    return `${step}${unsure}: ${way}`;
  });
  return section('ROLLBACK NOTES', [
    ...(rollback === null
      ? []
      : [sentence([`Rolled back because ${rollback.why}: `, rollbackEnd(rollback.complete), '.'])]),
    ...marked('-', undone),
    ...(texts.length === 0
      ? []
      : [sentence('What was done and how it is undone, newest first:'), ...marked('-', texts)]),
  ]);
}

function rollbackEnd(complete: boolean | null): Span {
  return complete === null ? { strong: 'it did not finish' } : complete ? 'complete' : { strong: 'incomplete' };
}
