import type { ParsedScript, SyntaxNode, Word, WordPart } from 'unbash';
import { bashOnly } from './shell-bash.ts';
import { fedByPipe, runsCode } from './shell-code.ts';
import type { FindingName } from './shell-findings.ts';

/** One finding, at an offset of the text. */
export interface ShellFinding {
  readonly finding: FindingName;
  readonly at: number;
  readonly length: number;
  readonly message: string;
  readonly hint?: string;
}

const AS_ARGUMENT = 'hand it over as an argument: sh -c \'ls -- "$1"\' - "$NAME"';

/**
 * Checks a text for /bin/sh. The text gets parameters and findings only as environment variables; this reports what is
 * unsafe even so. The parser (unbash) reads all of bash, so this also reports what only bash knows. It is imported only
 * if a runbook has such a text.
 */
export async function lintShell(text: string): Promise<readonly ShellFinding[]> {
  const { parse, forEachChild } = await import('unbash');
  const found: ShellFinding[] = [];
  const tell = (
    finding: FindingName,
    node: { readonly pos: number; readonly end?: number },
    message: string,
    hint?: string,
  ): void =>
    void found.push({
      finding,
      at: node.pos,
      length: (node.end ?? node.pos + 1) - node.pos,
      message,
      ...(hint !== undefined && { hint }),
    });
  const visit = (node: SyntaxNode, base: number): void => {
    // The text of an escaped `...` counts from its own begin.
    const at = (one: SyntaxNode) => ({ pos: one.pos + base, end: one.end + base });
    if (node.type === 'Script')
      for (const { message, pos } of (node as ParsedScript).errors ?? [])
        tell('shell-syntax', { pos: pos + base }, message);
    for (const part of splitIn(node))
      tell(
        'unquoted-expansion',
        at(part),
        `\`${textOf(part)}\` is split and globbed: quote it`,
        `write "${textOf(part)}"`,
      );
    if (node.type === 'Command' && runsCode(node))
      tell('eval', at(node.name ?? node), `\`${node.name?.value}\` runs what was found as code`, AS_ARGUMENT);
    if (node.type === 'HereDoc' && node.closing === undefined)
      tell('shell-syntax', at(node.delimiter ?? node), 'this here-document is not closed by a line of its word alone');
    if (node.type === 'Pipeline')
      for (const sh of fedByPipe(node, forEachChild))
        tell('pipe-into-shell', at(sh), 'a pipe into a shell runs what was found as code');
    if (node.type === 'CommandExpansion' && node.text.startsWith('`'))
      tell('backquotes', at(node), 'backquotes do not nest and eat backslashes', 'write $(...)');
    const bash = bashOnly(node, text.slice(base));
    if (bash !== undefined) tell('not-posix', at(node), `${bash} is bash's, and this is run by /bin/sh`);
    const inner = node.type === 'Script' && node.source !== undefined ? undefined : base;
    forEachChild(node, (child) => {
      if (inner !== undefined) visit(child, inner);
    });
  };
  visit(parse(text) as SyntaxNode, 0);
  return once(text, found);
}

/** A template of Go (docker, kubectl) is read by the program that it is given to, and starts with one of these. */
const GO =
  'json|yaml|table|range|if|else|end|with|len|index|printf?|println|join|upper|lower|title|split|template|block|define|eq|ne|lt|le|gt|ge|and|or|not|slice|html|js|urlquery|call|truncate|pad|prettyjson|base64decode';
const TEMPLATE = new RegExp(
  `\\{\\{-?\\s*(?!(?:${GO})\\b)[A-Za-z_$][^}]*(?:\\}\\})?|\\$\\{\\{[^}]*(?:\\}\\})?|<%.*?(?:%>|$)|\\{%-?\\s.*?(?:%\\}|$)`,
  'm',
);

/**
 * Each mistake is reported once. If the text cannot be read, everything else is a guess; a template is not for the
 * shell at all.
 */
function once(text: string, found: readonly ShellFinding[]): readonly ShellFinding[] {
  const all = found.toSorted((one, other) => one.at - other.at);
  const template = TEMPLATE.exec(text);
  if (template) {
    const [{ length }] = template;
    const at = template.index;
    const told: ShellFinding = {
      finding: 'unfilled-template',
      at,
      length,
      message: 'a template is not filled in here',
      hint: 'values come as environment variables',
    };
    return [
      ...all.filter((one) => one.finding !== 'shell-syntax' && (one.at + one.length <= at || one.at >= at + length)),
      told,
    ];
  }
  const unread = all.find(({ finding }) => finding === 'shell-syntax');
  if (unread) return [unread];
  const seen = new Set<string>();
  return all.filter(({ finding, at }) => !seen.has(`${finding} ${at}`) && seen.add(`${finding} ${at}`));
}

// ---------------------------------------------------------------- splitting

/**
 * Expansions that become several words: in a command's words and in the list of `for`. Assignments, `case WORD`,
 * redirections and what is quoted are not split.
 */
function splitIn(node: SyntaxNode): readonly WordPart[] {
  if (node.type === 'Command') {
    const words = node.suffix.filter((one): one is Word => one.type === 'Word');
    // What a command prints is a number there, as a rule.
    const compares = node.name?.value === '[' || node.name?.value === 'test';
    return [...(node.name ? [node.name] : []), ...words].flatMap((word) => [
      ...splitWord(word),
      ...(compares ? [] : carriers(word)),
    ]);
  }
  return node.type === 'For' ? (node.wordlist ?? []).flatMap((word) => [...splitWord(word), ...carriers(word)]) : [];
}

const splitWord = ({ parts = [] }: Word): readonly WordPart[] => parts.flatMap(splitPart);

/** `$(ls "$x")`: the value that goes in comes out in words. */
const carriers = ({ parts = [] }: Word): readonly WordPart[] =>
  parts.filter((part) => part.type === 'CommandExpansion' && /\$\{?[A-Za-z_@*0-9]/.test(part.text));

function splitPart(part: WordPart): readonly WordPart[] {
  if (part.type === 'SimpleExpansion') return /^\$[A-Za-z_@*0-9]/.test(part.text) ? [part] : [];
  // `${1+"$@"}`: the replacement has its own quotes.
  if (part.type === 'ParameterExpansion' && part.operation?.type === 'Default' && part.operation.operator.endsWith('+'))
    return (part.operation.operand.parts ?? []).flatMap(splitPart);
  if (part.type === 'ParameterExpansion') return part.prefix === '#' || /^[?#$!-]$/.test(part.parameter) ? [] : [part];
  if (part.type === 'Glob' || part.type === 'BraceExpansion' || part.type === 'ExtendedGlob')
    return (part.parts ?? []).flatMap(splitPart);
  return [];
}

const textOf = (part: WordPart): string => part.text;
