import type { CommandNode, ParsedScript, Pipeline, SyntaxNode, Word, WordPart } from 'unbash';
import type { FindingName } from './shell-findings.ts';

/** One finding, at an offset of the text. */
export interface ShellFinding {
  readonly finding: FindingName;
  readonly at: number;
  readonly length: number;
  readonly message: string;
  readonly hint?: string;
}

/**
 * Lints a text for /bin/sh. It gets parameters and findings as environment variables only; what is told here is what
 * makes even that unsafe. The parser is unbash: it reads all of bash, so what is bash's own is told apart here.
 * Imported only where a runbook has such a text.
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
      tell('eval', at(node.name ?? node), `\`${node.name?.value}\` runs what was found as code`);
    if (node.type === 'Pipeline')
      for (const sh of shellsIn(node))
        tell('pipe-into-shell', at(sh), 'a pipe into a shell runs what was found as code');
    if (node.type === 'CommandExpansion' && node.text.startsWith('`'))
      tell('backquotes', at(node), 'backquotes do not nest and eat backslashes', 'write $(...)');
    const bash = bashOnly(node);
    if (bash !== undefined) tell('not-posix', at(node), `${bash} is bash's, and this is run by /bin/sh`);
    const inner = node.type === 'Script' && node.source !== undefined ? undefined : base;
    forEachChild(node, (child) => {
      if (inner !== undefined) visit(child, inner);
    });
  };
  visit(parse(text) as SyntaxNode, 0);
  const template = /\{\{\s*[A-Za-z_$]|\$\{\{|<%/.exec(text);
  if (template)
    tell(
      'unfilled-template',
      { pos: template.index, end: template.index + template[0].length },
      'a template is not filled in here',
      'values come as environment variables',
    );
  const seen = new Set<string>();
  return found
    .toSorted((one, other) => one.at - other.at)
    .filter(({ finding, at }) => !seen.has(`${finding} ${at}`) && seen.add(`${finding} ${at}`));
}

// ---------------------------------------------------------------- splitting

/**
 * Expansions that become several words: in a command's words and in the list of `for`. Assignments, `case WORD`,
 * redirections and what is quoted are not split.
 */
function splitIn(node: SyntaxNode): readonly WordPart[] {
  if (node.type === 'Command') {
    const words = node.suffix.filter((one): one is Word => one.type === 'Word');
    return [...(node.name ? [node.name] : []), ...words].flatMap(({ parts = [] }) => parts.flatMap(splitPart));
  }
  return node.type === 'For' ? (node.wordlist ?? []).flatMap(({ parts = [] }) => parts.flatMap(splitPart)) : [];
}

function splitPart(part: WordPart): readonly WordPart[] {
  if (part.type === 'SimpleExpansion') return /^\$[A-Za-z_@*0-9]/.test(part.text) ? [part] : [];
  if (part.type === 'ParameterExpansion') return part.prefix === '#' || /^[?#$!-]$/.test(part.parameter) ? [] : [part];
  if (part.type === 'Glob' || part.type === 'BraceExpansion' || part.type === 'ExtendedGlob')
    return (part.parts ?? []).flatMap(splitPart);
  return [];
}

const textOf = (part: WordPart): string => part.text;

// ---------------------------------------------------------------- what runs what was found

const SHELLS = ['sh', 'bash', 'dash', 'zsh', 'ksh', 'ash'];
const WRAPPERS = ['command', 'builtin', 'exec', 'sudo', 'env', 'nohup', 'nice', 'xargs'];

/** The words of a command, without `sudo` and its kin, their options, and `NAME=value` before it. */
function wordsOf(node: Extract<CommandNode, { type: 'Command' }>): readonly Word[] {
  const words = [...(node.name ? [node.name] : []), ...node.suffix.filter((one): one is Word => one.type === 'Word')];
  const first = words.findIndex(
    ({ value }) => !WRAPPERS.includes(baseOf(value)) && !value.startsWith('-') && !/^\w+=/.test(value),
  );
  return first < 0 ? [] : words.slice(first);
}

const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** `eval`, and `sh -c` of a text that something was put into. */
function runsCode(node: Extract<CommandNode, { type: 'Command' }>): boolean {
  const [name, ...rest] = wordsOf(node);
  if (name?.value === 'eval') return true;
  const script = SHELLS.includes(baseOf(name?.value ?? ''))
    ? rest[rest.findIndex(({ value }) => /^-\w*c$/.test(value)) + 1]
    : undefined;
  const given = rest.some(({ value }) => /^-\w*c$/.test(value)) ? script : undefined;
  return given !== undefined && hasExpansion(given.parts ?? []);
}

function hasExpansion(parts: readonly WordPart[]): boolean {
  return parts.some(
    (part) => /Expansion$/.test(part.type) || (part.type === 'DoubleQuoted' && hasExpansion(part.parts)),
  );
}

function shellsIn({ commands }: Pipeline): readonly CommandNode[] {
  return commands.slice(1).filter((command) => {
    if (command.type !== 'Command') return false;
    const [name, ...rest] = wordsOf(command);
    // With a script of its own it reads what is piped as input only.
    return (
      SHELLS.includes(baseOf(name?.value ?? '')) &&
      !rest.some(({ value }) => /^-\w*c$/.test(value) || !value.startsWith('-'))
    );
  });
}

// ---------------------------------------------------------------- bash

/** What POSIX has no word for; undefined: it has. */
function bashOnly(node: SyntaxNode): string | undefined {
  switch (node.type) {
    case 'TestCommand':
      return '`[[`';
    case 'ArithmeticCommand':
      return '`((`';
    case 'ArithmeticFor':
      return '`for ((`';
    case 'ArrayValue':
      return 'an array';
    case 'Assignment':
      return node.append ? '`+=`' : node.index ? 'an array' : undefined;
    case 'ProcessSubstitution':
      return `\`${node.operator}(...)\``;
    case 'HereString':
      return '`<<<`';
    case 'Redirect':
      return node.operator.startsWith('&>') ? `\`${node.operator}\`` : undefined;
    case 'Pipeline':
      return node.operators.includes('|&') ? '`|&`' : undefined;
    case 'Select':
    case 'Coproc':
      return `\`${node.type.toLowerCase()}\``;
    case 'AnsiCQuoted':
      return "`$'...'`";
    case 'LocaleString':
      return '`$"..."`';
    case 'ExtendedGlob':
      return `\`${node.operator}(...)\``;
    case 'Command':
      return node.name?.value === 'source' ? '`source`' : undefined;
    case 'ParameterExpansion': {
      const posix =
        node.operation === undefined || node.operation.type === 'Default' || node.operation.type === 'Remove';
      return posix && node.index === undefined && node.prefix !== '!' ? undefined : `\`${node.text}\``;
    }
    default:
      return undefined;
  }
}
