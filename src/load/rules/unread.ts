import { isObject, type Json } from '../../model/json.ts';
import type { Problem } from '../../model/problem.ts';
import { isReference, referenceName } from '../../model/reference.ts';
import { type DraftStep, type Use, usesAction } from '../runbook/draft.ts';
import { type Path, pointer } from '../text/source.ts';
import { type CheckedDraft, problemOf } from './checked.ts';

/**
 * Texts that a shell, or a word processor, would have made something of: here they are taken as they stand, equal
 * nothing, and a look would answer "none".
 */
export function unreadRules(checked: CheckedDraft): readonly Problem[] {
  const own = checked.draft.steps.filter(({ grafted }) => !grafted);
  return [
    ...own.flatMap(({ use, undo }) => [...(use ? [use] : []), ...undo].flatMap((each) => ofUse(checked, each))),
    ...own.flatMap((step) => killsAnything(checked, step)),
  ];
}

function ofUse(checked: CheckedDraft, { path, verb, arg }: Use): readonly Problem[] {
  if (!isObject(arg)) return [];
  const at = [...path, verb];
  return [
    ...NAMES.flatMap((key) => textsAt(arg[key], [...at, key]).flatMap((text) => glob(checked, text, { verb, key }))),
    ...(verb === 'run' ? shellWords(checked, arg.argv, [...at, 'argv']) : []),
    ...curlyQuotes(checked, arg, at),
  ];
}

// ---------------------------------------------------------------- globs

/** Keys of a verb whose text is a name or a path, compared as it stands. */
const NAMES = ['name', 'exe', 'in', 'file', 'path'];

interface Text {
  readonly text: string;
  readonly path: Path;
}

function textsAt(value: Json | undefined, path: Path): readonly Text[] {
  if (typeof value === 'string') return isReference(value) ? [] : [{ text: value, path }];
  return Array.isArray(value) ? value.flatMap((item: Json, at) => textsAt(item, [...path, at])) : [];
}

function glob(
  checked: CheckedDraft,
  { text, path }: Text,
  { verb, key }: { readonly verb: string; readonly key: string },
): readonly Problem[] {
  if (!/[*?]/.test(text)) return [];
  const hint =
    key === 'name' && verb === 'files'
      ? `write name: {matches: '${patternOf(text)}'}`
      : verb === 'processes'
        ? "name each program, or write args: {matches: '...'}"
        : "name one; a step of files chooses among a folder's: files: {in: /folder, name: {matches: '...'}}";
  const message = `\`${text}\` is taken as it stands: no shell expands it here`;
  return [problemOf(checked, path, 'value', { code: 'glob-not-expanded', message, hint })];
}

/** `*.log` as a pattern: `\.log$`. */
function patternOf(text: string): string {
  const pattern = `^${text
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')}$`;
  return pattern.replace(/^\^\.\*/, '').replace(/\.\*\$$/, '') || '.';
}

// ---------------------------------------------------------------- a shell's words in argv

const OPERATOR = /^(?:\|\|?|&&?|;|[0-9]?>>?|<<?|[0-9]?>&[0-9]|&>>?)$/;
/** They take no pattern of their own: what looks like one was to be expanded. */
const EXPANDED = ['rm', 'ls', 'cat', 'cp', 'mv', 'chmod', 'chown', 'du', 'wc', 'head', 'tail', 'touch', 'gzip'];

function shellWords(checked: CheckedDraft, argv: Json | undefined, path: Path): readonly Problem[] {
  if (!Array.isArray(argv)) return [];
  const words = argv.map((word: Json) => (typeof word === 'string' ? word : ''));
  const [program = ''] = words;
  const at = words.findIndex((word, place) => place > 0 && OPERATOR.test(word));
  const tell = (place: number, message: string, hint: string): readonly Problem[] => [
    problemOf(checked, [...path, place], 'value', { code: 'not-a-shell', message, hint }),
  ];
  if (/\s/.test(program.trim()) && !program.includes('/'))
    return tell(
      0,
      `\`${program}\` is one item, so it is the name of one program`,
      `one item each: argv: [${program.trim().split(/\s+/).join(', ')}]`,
    );
  // `[ a ]`, `expr 1 '>' 2` and `find ... ;` have such words of their own.
  if (at > 0 && !['[', 'test', 'expr', 'find', 'awk', 'sh', 'bash', 'jq', 'bc'].includes(program))
    return tell(at, `\`${words[at]}\` is handed to \`${program}\`: no shell reads it`, SHELL);
  const star = EXPANDED.includes(program) ? words.findIndex((word, place) => place > 0 && /[*?]/.test(word)) : -1;
  return star > 0 ? tell(star, `\`${words[star]}\` is taken as it stands: no shell expands it here`, SHELL) : [];
}

const SHELL = 'write `shell: ...` in place of argv where a shell is meant';

// ---------------------------------------------------------------- quotes

function curlyQuotes(checked: CheckedDraft, value: Json, path: Path): readonly Problem[] {
  if (Array.isArray(value)) return value.flatMap((item: Json, at) => curlyQuotes(checked, item, [...path, at]));
  if (isObject(value))
    return Object.entries(value).flatMap(([key, item]) =>
      item === undefined || PROSE.includes(key) ? [] : curlyQuotes(checked, item, [...path, key]),
    );
  if (typeof value !== 'string' || !/^[“”„‘’«].*[“”’»]$/.test(value)) return [];
  const message = `\`${value}\`: quotes of print belong to the text; YAML's are " and '`;
  return [problemOf(checked, path, 'value', { code: 'curly-quotes', message, hint: `write ${value.slice(1, -1)}` })];
}

const PROSE = ['do', 'confirm', 'shell', 'stdin'];

// ---------------------------------------------------------------- a kill of whatever runs

/** By these alone half of a host could be meant. */
const SELECTS = ['name', 'exe', 'args', 'started_by', 'user'];

function killsAnything(checked: CheckedDraft, step: DraftStep): readonly Problem[] {
  const { use, path } = step;
  if (use?.verb !== 'kill' || !usesAction(use) || !isObject(use.arg)) return [];
  const { targets, processes } = use.arg;
  const looked = isReference(targets)
    ? checked.draft.steps.find(({ id, grafted }) => !grafted && id === referenceName(targets))?.use
    : undefined;
  const found = looked?.verb === 'processes' ? looked.arg : processes;
  // A key that could not be read was to choose them, and was told.
  const at = looked?.verb === 'processes' ? [...looked.path, 'processes'] : [...path, 'kill', 'processes'];
  if (checked.draft.holes.has(pointer(at))) return [];
  if (!isObject(found) || SELECTS.some((key) => found[key] !== undefined)) return [];
  return [
    problemOf(checked, [...path, 'kill'], 'key', {
      code: 'kills-anything',
      message: 'this ends whatever runs: its processes are chosen by no program and no user',
      hint: `name them where they are looked for: processes: {name: ...}, or ${SELECTS.slice(1).join(', ')}`,
    }),
  ];
}
