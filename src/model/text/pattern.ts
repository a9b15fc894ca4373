import { RE2JS } from 're2js';

/**
 * A regular expression that somebody wrote into a runbook, a policy or an inventory. What it is held against (names of
 * processes and files, output) is often chosen by others, so it takes linear time: RE2's syntax, without look-ahead,
 * look-behind and back-references, which no linear engine has. Our own patterns, which a test holds to growth, stay
 * with the language's RegExp.
 */
export interface Pattern {
  /** Whether it is found anywhere in the text. */
  readonly test: (text: string) => boolean;
  /** What its named groups caught at the first place; null: it is not found. */
  readonly groups: (text: string) => Readonly<Record<string, string | null>> | null;
  /** Every place of it replaced; `$1`, `$<name>`, `$&` and `$$` mean what they mean in JavaScript. */
  readonly replaceAll: (text: string, replacement: string) => string;
}

export interface PatternOptions {
  /** `^` and `$` are the ends of each line too. */
  readonly lines?: boolean;
  /** The whole text must match, whether its author anchored it or not. */
  readonly whole?: boolean;
}

/** Instructions of RE2's machine: what a character of the text may cost. `a{1000}` has 1002. */
const MOST_INSTRUCTIONS = 2000;

/**
 * The source has passed `patternFault`. RE2 costs a plan a twentieth of its time only to be there (the build wakes it
 * with its first use), so it is not asked before there is a text, nor at all where each engine takes linear time.
 */
export function patternOf(source: string, { lines = false, whole = false }: PatternOptions = {}): Pattern {
  let compiled: RE2JS | undefined;
  const re2 = () => {
    compiled ??= RE2JS.compile(source, lines ? RE2JS.MULTILINE : 0);
    return compiled;
  };
  // JavaScript knows more line ends than RE2.
  const plain = !lines && LINEAR.test(source) ? new RegExp(whole ? `^(?:${source})$` : source) : null;
  return {
    test: (text) => plain?.test(text) ?? (whole ? re2().testExact(text) : re2().test(text)),
    groups: (text) => groupsIn(re2().matcher(text)),
    replaceAll: (text, replacement) => re2().matcher(text).replaceAll(replacement),
  };
}

/** Of ASCII only, and of what every engine reads alike. */
const CHARACTER = String.raw`[\w /:@,;=<>~'"#%&!-]|\\[.\\/*+?^$|()[\]{}-]`;
const CLASS = String.raw`\[\^?[\w /:@,;=<>~'"#%&!.+*?$()|-]+\]`;
/**
 * Patterns in which nothing is repeated, or one class from one end of the text to the other. An engine never tries them
 * twice.
 */
const LINEAR = new RegExp(String.raw`^(?:\^?(?:${CHARACTER}|${CLASS}){0,100}\$?|\^${CLASS}[*+]\$)$`);
/** RE2 takes it wherever JavaScript does: no repetition of a repetition, no count, no flag. */
const USUAL = new RegExp(
  String.raw`^(?:(?:${CHARACTER}|${CLASS}|\\[dws]|\.|\))(?:[*+?]\??)?|\((?:\?:|\?<[a-z]+>)?|[|^$]){0,300}$`,
);

function groupsIn(matcher: ReturnType<RE2JS['matcher']>): Readonly<Record<string, string | null>> | null {
  return matcher.find() ? { ...matcher.getNamedGroups() } : null;
}

export interface PatternFault {
  readonly reason: string;
  /** What to write instead, where that is known. */
  readonly hint?: string;
}

/** Why a text is no pattern; null: it is one. */
export function patternFault(source: string): PatternFault | null {
  if (isUsual(source)) return null;
  try {
    const size = RE2JS.compile(source).programSize();
    return size > MOST_INSTRUCTIONS
      ? { reason: `it is too large (${size} steps a character; ${MOST_INSTRUCTIONS} are taken)` }
      : null;
  } catch (error) {
    const reason = String(error instanceof Error ? error.message : error).replace(/^error parsing regexp: /, '');
    const known = INSTEAD.find(([sign]) => sign.test(source));
    return known ? { reason, hint: known[1] } : { reason };
  }
}

function isUsual(source: string): boolean {
  if (!USUAL.test(source)) return false;
  const names = source.match(/\(\?<[a-z]+>/g) ?? [];
  try {
    // JavaScript lets two branches have a group of one name.
    return new RegExp(source) !== null && new Set(names).size === names.length;
  } catch {
    return false;
  }
}

/** What JavaScript's RegExp takes and RE2 does not. */
const INSTEAD: readonly (readonly [sign: RegExp, hint: string])[] = [
  [
    /\(\?<?[=!]/,
    'there is no look-ahead and no look-behind, which can take for ever; say it with two conditions, or with `is_not`',
  ],
  [/\\[1-9]|\\k</, 'there are no back-references, which can take for ever; write out what may stand there'],
  [/\\u/, 'write the character itself, or \\x{e9}'],
  [/\[\^?\]/, 'for any character, a line break too, write (?s:.)'],
  [/\\Z/, 'write \\z for the end of the text'],
  [/\{\d{4,}|\{\d+,\d{4,}/, 'a count goes up to 1000'],
];
