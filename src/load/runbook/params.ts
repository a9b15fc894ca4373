import type { Json } from '../../model/json.ts';
import type { Place } from '../../model/place.ts';
import type { Checked, Problem } from '../../model/problem.ts';
import type { Parameter, Runbook } from '../../model/runbook.ts';
import type { Complaint } from '../text/source.ts';
import { didYouMean } from '../text/suggest.ts';
import { checkValue } from './values.ts';

/**
 * Values for a runbook's parameters, as texts (`--param key=value`), typed and checked; defaults fill in. Places are
 * those of the option, `--param`.
 */
export function bindParams(
  runbook: Runbook,
  given: Readonly<Record<string, string>>,
): Checked<Readonly<Record<string, Json>>> {
  const names = runbook.params.map((param) => param.name);
  const problems: Problem[] = Object.keys(given)
    .filter((name) => !names.includes(name))
    .map((name) => problem(given, name, unknownParameter(runbook, name, names)));
  const values: Record<string, Json> = {};
  for (const param of runbook.params) {
    const bound = bind(param, Object.hasOwn(given, param.name) ? given[param.name] : undefined);
    if ('complaint' in bound) problems.push(problem(given, param.name, bound.complaint));
    else values[param.name] = bound.value;
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: values };
}

type Bound = { readonly value: Json } | { readonly complaint: Complaint };

function bind(param: Parameter, text: string | undefined): Bound {
  if (text === undefined) return param.default === undefined ? { complaint: missing(param) } : { value: param.default };
  if (param.type === 'secret' && /^command:/.test(text)) return { complaint: typedCommand(param) };
  const value = typed(param, text);
  if (value === undefined) return { complaint: badList(param) };
  const complaint = checkValue(param, { value, written: text, name: param.name });
  return complaint ? { complaint } : { value };
}

/**
 * A text of the command line as the JSON that its parameter's type calls for; what does not fit stays a text, and is
 * refused as one.
 */
function typed(param: Parameter, text: string): Json | undefined {
  switch (param.type) {
    case 'integer':
      return /^-?\d+$/.test(text) ? Number(text) : text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'list':
      return typedList(text);
    case 'size':
      return /^\d+$/.test(text) ? Number(text) : text;
    case 'string':
    case 'path':
    case 'duration':
    case 'percent':
    case 'secret':
      return text;
  }
}

/** `a,b,c`, or a JSON array where an item holds a comma. */
function typedList(text: string): Json | undefined {
  if (text.trim() === '') return [];
  if (!text.startsWith('[')) return text.split(',').map((item) => item.trim());
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whoever may choose parameters (through sudo, through a webhook) must not choose the command that runs. Only the
 * author of the runbook may.
 */
function typedCommand({ name }: Parameter): Complaint {
  return {
    code: 'secret-command',
    message: `\`${name}\` may come from a command only where the runbook says so`,
    hint: `write the command as the default of \`${name}\`, or give ${name}=file:/path or ${name}=env:NAME`,
  };
}

function badList(param: Parameter): Complaint {
  return {
    code: 'bad-value',
    message: `\`${param.name}\` is not a list`,
    hint: `write ${param.name}=a,b or ${param.name}='["a","b"]'`,
  };
}

function missing(param: Parameter): Complaint {
  return {
    code: 'missing-param',
    message: `\`${param.name}\` has no default and no value`,
    hint: `--param ${param.name}=${param.about === '' ? '...' : `...   (${param.about})`}`,
  };
}

function unknownParameter(runbook: Runbook, name: string, names: readonly string[]): Complaint {
  return { code: 'unknown-param', message: `${runbook.name} has no parameter \`${name}\``, ...didYouMean(name, names) };
}

/** Line n is the n-th option of its kind; the column points at the value where one was given, else at the name. */
function problem(given: Readonly<Record<string, string>>, name: string, complaint: Complaint): Problem {
  const value = given[name] ?? '';
  const at = Object.keys(given).indexOf(name);
  const atName = complaint.code === 'unknown-param' || at < 0;
  const place: Place = {
    file: '--param',
    line: Math.max(1, at + 1),
    column: atName ? 1 : name.length + 2,
    length: Math.max(1, atName ? name.length : value.length),
  };
  return { ...complaint, place };
}
