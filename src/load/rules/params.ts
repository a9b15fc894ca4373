import type { Json } from '../../model/json.ts';
import type { Problem } from '../../model/problem.ts';
import { PARAMETER_TYPES, type ParameterType, type Unchecked } from '../../model/runbook/shape.ts';
import { withoutEnd } from '../../model/text/trim.ts';
import { paramsIn } from '../runbook/draft.ts';
import type { PARAMETER } from '../runbook/language.ts';
import { narrowed } from '../runbook/uses.ts';
import { amountOfType, checkValue, type ValueRules } from '../runbook/values.ts';
import type { Path } from '../text/source.ts';
import { type CheckedDraft, problemOf } from './checked.ts';

/** Each parameter's default is a value that it would accept, and its constraints fit its type. */
export function paramRules(checked: CheckedDraft): readonly Problem[] {
  return paramsIn(checked.draft).flatMap(([name, json]) => paramProblems(checked, name, json));
}

type Declared = Unchecked<typeof PARAMETER>;

function paramProblems(checked: CheckedDraft, name: string, json: Declared): readonly Problem[] {
  const declared = valueRules(json);
  if (!declared) return [];
  const rules = narrowed(declared, name, checked.mentions);
  const path: Path = ['params', name];
  const misplaced = (Object.keys(FITS) as readonly (keyof typeof FITS)[]).flatMap((key) => {
    const types = FITS[key] ?? [];
    if (json[key] === undefined || types.includes(rules.type)) return [];
    return [
      problemOf(checked, [...path, key], 'key', {
        code: 'misplaced-key',
        message: `\`${key}\` is for ${types.join(', ')}; this is a ${rules.type}`,
      }),
    ];
  });
  return [
    ...misplaced,
    ...elsewhere(checked, path, declared, rules),
    ...boundProblems(checked, path, json, rules),
    ...enumProblems(checked, path, json, narrowed({ type: rules.type }, name, checked.mentions)),
    ...defaultProblems(checked, path, json, rules),
  ];
}

/** Two folders that do not lie in one another leave no path that is below both. */
function elsewhere(checked: CheckedDraft, path: Path, declared: ValueRules, rules: ValueRules): readonly Problem[] {
  if (declared.under === undefined || rules.under === undefined) return [];
  if (`${rules.under}/`.startsWith(`${withoutEnd(declared.under, '/')}/`)) return [];
  const message = `the runbook that this is handed on to takes paths below ${rules.under} only`;
  return [problemOf(checked, [...path, 'under'], 'value', { code: 'bad-path', message })];
}

const FITS: { readonly [K in keyof Declared]?: readonly ParameterType[] } = {
  pattern: ['string', 'path', 'list'],
  enum: ['string', 'integer', 'path', 'list', 'duration', 'size', 'percent'],
  min: ['integer', 'duration', 'size', 'percent'],
  max: ['integer', 'duration', 'size', 'percent'],
  under: ['path'],
};

function boundProblems(checked: CheckedDraft, path: Path, json: Declared, rules: ValueRules): readonly Problem[] {
  const bad = (['min', 'max'] as const).filter((key) => json[key] !== undefined && FITS[key]?.includes(rules.type));
  const problems = bad.flatMap((key) => {
    const typed = { value: json[key] ?? null, written: checked.draft.source.written([...path, key]), name: key };
    const complaint = checkValue({ type: rules.type }, typed);
    return complaint ? [problemOf(checked, [...path, key], 'value', complaint)] : [];
  });
  if (problems.length > 0 || rules.min === undefined || rules.max === undefined || rules.min <= rules.max)
    return problems;
  return [problemOf(checked, [...path, 'max'], 'value', { code: 'out-of-range', message: '`max` is less than `min`' })];
}

function enumProblems(checked: CheckedDraft, path: Path, json: Declared, rules: ValueRules): readonly Problem[] {
  const words = wordsOf(json);
  const { enum: taken } = rules;
  return words.flatMap((value, at) => {
    const here = [...path, 'enum', at];
    const type = rules.type === 'list' ? 'string' : rules.type;
    const { bytes, instead } = rules;
    const also = { ...(bytes !== undefined && { bytes }), ...(instead && { instead }) };
    const complaint = checkValue(
      { type, enum: taken ?? [value], ...also },
      { value, written: checked.draft.source.written(here), name: 'enum' },
    );
    return complaint ? [problemOf(checked, here, 'value', complaint)] : [];
  });
}

function defaultProblems(checked: CheckedDraft, path: Path, json: Declared, rules: ValueRules): readonly Problem[] {
  if (json.default === undefined) return [];
  const at = [...path, 'default'];
  const complaint = checkValue(rules, {
    value: json.default,
    written: checked.draft.source.written(at),
    name: 'default',
  });
  if (!complaint) return [];
  return [problemOf(checked, at, 'value', { ...complaint, message: `bad default: ${complaint.message}` })];
}

/** A declaration as the rules for its values; undefined where its type is not known. */
export function valueRules(json: Declared): ValueRules | undefined {
  const type = PARAMETER_TYPES.find((known) => known === json.type) as ParameterType | undefined;
  if (!type) return undefined;
  const min = amountOfType(type, json.min);
  const max = amountOfType(type, json.max);
  return {
    type,
    ...(typeof json.pattern === 'string' && { patterns: [json.pattern] }),
    ...(Array.isArray(json.enum) && { enum: wordsOf(json) }),
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    ...(typeof json.under === 'string' && { under: json.under }),
  };
}

function wordsOf({ enum: words }: Declared): readonly Json[] {
  return Array.isArray(words) ? (words as readonly Json[]) : [];
}
