import {
  type Document,
  facts,
  gap,
  type Item,
  onPage,
  onScreen,
  section,
  sentence,
  type Tone,
} from '../../../model/document.ts';
import type { FleetPlan } from '../../../model/fleet/ports.ts';
import type { HostPlan, PlanGroup } from '../../../model/fleet.ts';
import type { Plan } from '../../../model/plan.ts';
import { plural } from '../../../model/text/quantity.ts';
import { names } from '../../fold.ts';
import { watchedText } from '../watch-words.ts';
import { differencesOf, type GroupStep, groupSteps, groupWarnings } from './group.ts';
import { KINDS, mainGroup, plansOf, reasonsOf } from './plan-words.ts';

/** Reasons, warnings and differences that a screen shows. */
export const MOST = 8;
/** Of so many characters of names before a reason. */
const NAMES = 60;

type Whole = ((host: string) => string) | undefined;

/** Who, and why nothing is done, or what is. */
export function groupDocument(group: PlanGroup, review: FleetPlan, whole: Whole): Document {
  const [words, tone] = KINDS[group.kind];
  const main = mainGroup(review.groups);
  const body =
    group.kind !== 'act'
      ? reasons(group, review.plans, tone)
      : group === main
        ? example(group, review, whole)
        : differences(group, main, review);
  const count = plural(group.hosts.length, 'host');
  return section(
    words.toUpperCase(),
    [
      ...onScreen([below({ kind: 'hosts', names: group.hosts })]),
      ...(group.kind === 'act' ? onPage([sentence(`${names(group.hosts)}: ${group.says}`)]) : []),
      ...body,
    ],
    { aside: count, tone, asideTone: 'bold', page: `${words}: ${count}` },
  );
}

const below = (...inside: Document) => ({ kind: 'indent', by: 2, inside }) as const;

/** Said once where it is the same on all, else each with its hosts. */
function reasons(group: PlanGroup, plans: readonly HostPlan[], tone: Tone): Document {
  const all = reasonsOf(group, plans);
  const [first] = all;
  const items = all.map(
    ({ reason, hosts }): Item => ({ mark: '-', text: [{ hosts, room: NAMES }, `: ${reason}`], tone }),
  );
  const listed = { kind: 'items', items, most: MOST, what: 'reasons' } as const;
  if (all.length !== 1 || first === undefined) return [listed];
  return [...onScreen([below(sentence(first.reason, tone))]), ...onPage([listed])];
}

function example(group: PlanGroup, { plans }: FleetPlan, whole: Whole): Document {
  const own = plansOf(group, plans);
  const command = group.example === null ? undefined : whole?.(group.example);
  return [
    gap,
    { kind: 'items', items: groupSteps(own).map(stepItem) },
    ...onScreen([...guards(own[0]), ...watches(own[0])]),
    ...warnings(own),
    ...onScreen(command === undefined ? [] : [sentence([{ command }], undefined, '  one whole:  ')]),
  ];
}

const TONES = { change: 'bold', nothing: 'green', cannot: 'bad', skipped: 'yellow', 'not-looked': 'yellow' } as const;

/** `  2  kill-mailers    kill 5-9 processes on each, 212 in all` and what becomes of it. */
function stepItem({ id, text, kind, forGood, undo, decided }: GroupStep, at: number): Item {
  const lost = [{ strong: 'cannot be undone' }, `, ${forGood}`];
  return {
    ...{ mark: String(at + 1), name: id, text, tone: TONES[kind] },
    notes: [
      ...(forGood === null ? [] : [{ text: `CANNOT BE UNDONE: ${forGood}`, page: lost, tone: 'bad' } as const]),
      ...(undo === null ? [] : [{ label: 'undo: ', text: undo, tone: 'green' } as const]),
      ...(decided === null ? [] : [{ text: decided, tone: 'dim' } as const]),
    ],
  };
}

/** Looks between the actions: what they guard is said, since they are taken at their turn. */
function guards(plan: Plan | undefined): Document {
  return (plan?.steps ?? []).flatMap((step) =>
    step.kind === 'probe' && step.atTurn !== undefined ? [sentence(step.atTurn, undefined, `  ·   ${step.id}  `)] : [],
  );
}

function watches(plan: Plan | undefined): Document {
  return (plan?.steps ?? []).flatMap((step) => {
    if (step.kind !== 'watch') return [];
    const { proof, hold } = step.watch;
    const minutes = proof === null ? '' : `, ${plural(proof.cronMinutes, 'minute')} of cron seen`;
    const held = hold.map(({ wanted }) => wanted).join('; ');
    const text = `then watched ${watchedText(step.watch)}${minutes}; must hold: ${held}`;
    return [sentence(text, undefined, `  ·   ${step.id}  `)];
  });
}

function warnings(plans: readonly Plan[]): Document {
  const texts = groupWarnings(plans).map(({ text, hosts, of }) => {
    return `${text}${hosts.length === of ? '' : ` (${names(hosts)})`}`;
  });
  const items = texts.map((text): Item => ({ mark: '!', text, tone: 'warn' }));
  return [
    ...onScreen(items.length === 0 ? [] : [{ kind: 'items', items, most: MOST, what: 'warnings' }]),
    ...onPage(facts('warning', texts)),
  ];
}

function differences(group: PlanGroup, main: PlanGroup | undefined, { plans }: FleetPlan): Document {
  const own = plansOf(group, plans);
  const texts = differencesOf(groupSteps(own), groupSteps(main === undefined ? [] : plansOf(main, plans)));
  const items = texts.map((text): Item => ({ mark: '≠', text, tone: 'yellow' }));
  return [
    ...onScreen([below(sentence(group.says))]),
    ...(items.length === 0 ? [] : [{ kind: 'items', items, most: MOST, what: 'differences' } as const]),
    ...warnings(own),
  ];
}
