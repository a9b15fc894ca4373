import { isObject, type Json, listOf } from '../../model/json.ts';
import { isDay, isZone, WEEKDAYS } from '../../model/policy/window.ts';
import type { Problem } from '../../model/problem.ts';
import { unchecked, uncheckedItems } from '../../model/read.ts';
import { isReference } from '../../model/reference.ts';
import { amountOf } from '../../model/runbook/constraint.ts';
import type { Unchecked } from '../../model/runbook/shape.ts';
import { checkOperand } from '../runbook/comparators.ts';
import { showTyped } from '../text/complaints.ts';
import { type Complaint, type Path, problemAt, type Source } from '../text/source.ts';
import { didYouMean } from '../text/suggest.ts';
import { comparator, minuteOf } from './build.ts';
import { FREEZE, POLICY, RULE, WINDOW } from './language.ts';

type Told = readonly Problem[];

/** Mistakes that the schema cannot find: unknown names, times that never come, rights that contradict each other. */
export function policyRules(source: Source, known: Told, actions: readonly string[]): Told {
  const { allow, freeze } = unchecked(POLICY, source.value);
  // A value of the wrong shape is already reported; do not report it again in other words.
  const bad = new Set(known.map(({ place }) => `${place.line}:${place.column}`));
  const rules = uncheckedItems(RULE, allow);
  const problems = [
    ...duplicateIds(source, rules),
    ...rules.flatMap((rule, at) => (rule ? ruleProblems(source, rule, { path: ['allow', at], actions }) : [])),
    ...uncheckedItems(FREEZE, freeze).flatMap((one, at) => (one ? freezeProblems(source, one, ['freeze', at]) : [])),
  ];
  return problems.filter(({ place }) => !bad.has(`${place.line}:${place.column}`));
}

type Rule = Unchecked<typeof RULE>;
const textsOf = (json: Json | undefined): readonly string[] => listOf(json).map(String);

function duplicateIds(source: Source, rules: readonly (Rule | null)[]): Told {
  const ids = rules.map((rule) => rule?.id);
  return ids.flatMap((id, at) => {
    if (typeof id !== 'string' || ids.indexOf(id) === at) return [];
    return [
      problemAt(source, ['allow', at, 'id'], 'value', {
        code: 'duplicate-id',
        message: `\`${id}\` is the name of another rule`,
      }),
    ];
  });
}

interface Where {
  readonly path: Path;
  readonly actions: readonly string[];
}

function ruleProblems(source: Source, rule: Rule, { path, actions }: Where): Told {
  return [
    ...textsOf(rule.deny).flatMap((verb, at) =>
      actions.includes(verb)
        ? []
        : [
            problemAt(source, [...path, 'deny', at], 'value', {
              code: 'unknown-verb',
              message: `\`${verb}\` is not an action`,
              ...didYouMean(verb, actions),
            }),
          ],
    ),
    ...(isObject(rule.params) ? Object.entries(rule.params) : []).flatMap(([name, value]) =>
      value === undefined ? [] : constraintProblems(source, value, [...path, 'params', name]),
    ),
    ...uncheckedItems(WINDOW, rule.during).flatMap((one, at) =>
      one ? windowProblems(source, one, [...path, 'during', at]) : [],
    ),
    ...contradiction(source, rule, path),
  ];
}

function contradiction(source: Source, { on_failure, undo }: Rule, path: Path): Told {
  if (on_failure !== 'undo' || undo !== 'none') return [];
  const complaint = {
    code: 'contradiction',
    message: '`on_failure: undo` needs the right to undo; `undo: none` takes it away',
  };
  return [problemAt(source, [...path, 'undo'], 'value', complaint)];
}

// ---------------------------------------------------------------- parameters

function constraintProblems(source: Source, value: Json, path: Path): Told {
  const bare = !isObject(value);
  return Object.entries(comparator(value)).flatMap(([word, wanted]) => {
    const at = bare ? path : [...path, word];
    const complaint = operandComplaint(word as keyof ReturnType<typeof comparator>, wanted as Json, source.written(at));
    return complaint ? [problemAt(source, at, 'value', complaint)] : [];
  });
}

function operandComplaint(
  word: keyof ReturnType<typeof comparator>,
  value: Json,
  written: string | undefined,
): Complaint | undefined {
  const items: readonly Json[] = Array.isArray(value) ? value : [value];
  if (items.some(isReference))
    return { code: 'reference-not-allowed', message: 'a policy takes no references: it is the same for every run' };
  const { complaint } = checkOperand({ word, value, written, about: undefined });
  if (complaint || (word !== 'at_least' && word !== 'at_most' && word !== 'between')) return complaint;
  const amounts = items.map(amountOf);
  const wrong = items.find((_, at) => amounts[at] === undefined);
  if (wrong !== undefined) {
    const typed = { value: wrong, written: Array.isArray(value) ? undefined : written, name: word };
    return {
      code: 'bad-number',
      message: `${showTyped(typed)} cannot be compared; write it like 1000, 15m, 5% or 2GiB`,
    };
  }
  const [low, high] = amounts;
  if (word !== 'between' || !low || !high || (low.kind === high.kind && low.amount <= high.amount)) return undefined;
  return { code: 'out-of-range', message: '`between` takes the smaller one first: as it stands nothing fits' };
}

// ---------------------------------------------------------------- times

type Window = Unchecked<typeof WINDOW>;

/** `Monday`, `mon-fri`, `weekdays`. */
function daysMeant(word: string): Partial<Complaint> {
  const plain = word.toLowerCase();
  const [from = '', to] = plain.split(/ ?(?:-|to|–) ?/).map((one) => one.slice(0, 3));
  const isDay = (name: string | undefined) => WEEKDAYS.some((day) => day === name);
  if (/^(?:weekdays?|work(?:ing)?_?days?|business_?days?)$/.test(plain)) return { suggestion: 'mon..fri' };
  if (/^weekends?$/.test(plain)) return { suggestion: 'sat..sun' };
  if (to !== undefined && isDay(from) && isDay(to)) return { suggestion: `${from}..${to}` };
  return to === undefined && isDay(from) && plain.endsWith('day') ? { suggestion: from } : didYouMean(word, WEEKDAYS);
}

function windowProblems(source: Source, window: Window, path: Path): Told {
  const list = Array.isArray(window.days);
  const days = textsOf(window.days).flatMap((word, at) => {
    const wrong = word.split('..', 3).find((name) => !WEEKDAYS.some((day) => day === name));
    const complaint: Complaint = {
      code: 'unknown-word',
      message: `\`${wrong}\` is not a day`,
      ...daysMeant(wrong ?? ''),
    };
    const malformed: Complaint = {
      code: 'bad-value',
      message: `\`${word}\` is not a range of days`,
      hint: 'for example mon..fri',
    };
    const told = wrong !== undefined ? complaint : word.split('..').length > 2 ? malformed : undefined;
    return told ? [problemAt(source, list ? [...path, 'days', at] : [...path, 'days'], 'value', told)] : [];
  });
  const empty = list && textsOf(window.days).length === 0;
  const { from = '00:00', to = '24:00' } = window;
  const never = minuteOf(String(from)) === minuteOf(String(to));
  return [
    ...days,
    ...(empty
      ? [
          problemAt(source, [...path, 'days'], 'value', {
            code: 'empty-window',
            message: 'no day: the window never opens',
          }),
        ]
      : []),
    ...(never ? [neverOpens(source, window, path)] : []),
    ...zoneProblems(source, window, path),
  ];
}

function neverOpens(source: Source, { from, to }: Window, path: Path): Problem {
  const key = to === undefined ? 'from' : 'to';
  return problemAt(source, [...path, key], 'value', {
    code: 'empty-window',
    message: `from ${String(from ?? '00:00')} to ${String(to ?? '24:00')} the window never opens`,
    hint: 'a whole day is from 00:00 to 24:00, which is what a window without `from` and `to` has',
  });
}

function zoneProblems(source: Source, { zone }: Pick<Window, 'zone'>, path: Path): Told {
  if (typeof zone !== 'string' || isZone(zone)) return [];
  const zones = ['UTC', ...Intl.supportedValuesOf('timeZone')];
  const city = zones.find((one) => one.toLowerCase().endsWith(`/${zone.toLowerCase()}`));
  const meant = city === undefined ? didYouMean(zone, zones) : { suggestion: city };
  const complaint: Complaint = {
    code: 'unknown-zone',
    message: `\`${zone}\` is not a time zone`,
    ...(meant.suggestion !== undefined && { suggestion: meant.suggestion }),
    hint: 'an IANA name, such as Europe/Berlin or UTC',
  };
  return [problemAt(source, [...path, 'zone'], 'value', complaint)];
}

function freezeProblems(source: Source, freeze: Unchecked<typeof FREEZE>, path: Path): Told {
  const wrong = (['from', 'to'] as const).flatMap((key) => {
    const text = freeze[key];
    if (typeof text !== 'string' || isInstant(text)) return [];
    return [
      problemAt(source, [...path, key], 'value', {
        code: 'bad-date',
        message: `\`${text}\` is a day or a time that there is not`,
      }),
    ];
  });
  const { from, to } = freeze;
  const before =
    wrong.length === 0 && typeof from === 'string' && typeof to === 'string' && endOf(to) < Date.parse(from);
  const backwards: Complaint = {
    code: 'empty-window',
    message: `the freeze ends (${String(to)}) before it begins (${String(from)})`,
  };
  const instants = wrong.length === 0 && [from, to].every((text) => typeof text === 'string' && !isDay(text));
  const noZone: Complaint = { code: 'misplaced-key', message: '`zone` says nothing of instants, which have an offset' };
  return [
    ...wrong,
    ...(before ? [problemAt(source, [...path, 'to'], 'value', backwards)] : []),
    ...(instants && freeze.zone !== undefined ? [problemAt(source, [...path, 'zone'], 'key', noZone)] : []),
    ...zoneProblems(source, freeze, path),
  ];
}

/** `2026-02-30` has the right form and is no day. Date would read it as the 2nd of March. */
function isInstant(text: string): boolean {
  const time = Date.parse(`${text.slice(0, 10)}T00:00Z`);
  return !Number.isNaN(Date.parse(text)) && new Date(time).toISOString().startsWith(text.slice(0, 10));
}

function endOf(text: string): number {
  return isDay(text) ? Date.parse(`${text}T23:59:59.999Z`) : Date.parse(text);
}
