import type { Complaint } from './source.ts';

/**
 * Lints a text for /bin/sh. It gets parameters and findings as environment variables only; what is told here is what makes even that unsafe:
 * an expansion outside of double quotes is split and globbed again, `eval` and a pipe into a shell run what was found, a template's braces were
 * never filled in.
 */
export function lintShell(text: string): readonly Complaint[] {
  const { bare, unquoted, unclosed } = scan(text);
  return [
    unclosed === undefined ? [] : [lint(`a ${unclosed} quote is not closed`)],
    /\{\{|\$\{\{|<%/.test(text) ? [lint('a template is not filled in here', 'values come as environment variables')] : [],
    unquoted === undefined ? [] : [lint(`\`${unquoted}\` is split and globbed: quote it`, `write "${unquoted}"`)],
    /(?:^|[;&|(\s])eval\s/.test(bare) ? [lint('`eval` runs what was found as code')] : [],
    /\|\s*(?:\/\S+\/)?(?:sh|bash|dash|zsh|ksh)\b/.test(bare) ? [lint('a pipe into a shell runs what was found as code')] : [],
    bare.includes('`') ? [lint('backquotes do not nest and eat backslashes', 'write $(...)')] : [],
  ].flat();
}

function lint(message: string, hint?: string): Complaint {
  return { code: 'shell-lint', message, ...(hint !== undefined && { hint }) };
}

interface Scan {
  /** The text with what is quoted and commented taken out. */
  readonly bare: string;
  /** The first expansion that is subject to splitting. */
  readonly unquoted: string | undefined;
  readonly unclosed: 'single' | 'double' | undefined;
}

const EXPANSION = /^\$(?:\{[^}]*\}|[A-Za-z_][A-Za-z0-9_]*|[@*])/;

/** One pass with the quoting of POSIX 2.2; command substitutions are read as if they stood outside. */
function scan(text: string): Scan {
  let bare = '';
  let unquoted: string | undefined;
  let quote: '"' | "'" | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (quote === "'") {
      if (character === "'") quote = undefined;
    } else if (character === '\\') {
      at += 1;
    } else if (character === '"') {
      quote = quote === '"' ? undefined : '"';
    } else if (quote === '"') {
      if (character === '`') bare += character;
    } else if (character === "'") {
      quote = "'";
    } else if (character === '#' && /^\s?$/.test(text[at - 1] ?? '')) {
      at = endOfLine(text, at) - 1;
    } else {
      unquoted ??= splitExpansion(text, at);
      bare += character;
    }
  }
  return { bare, unquoted, unclosed: quote === undefined ? undefined : quote === '"' ? 'double' : 'single' };
}

/** The right side of an assignment is not split (POSIX 2.9.1), nor is `case WORD in`. */
function splitExpansion(text: string, at: number): string | undefined {
  const expansion = EXPANSION.exec(text.slice(at))?.[0];
  if (expansion === undefined) return undefined;
  const before = text.slice(0, at);
  if (/(?:^|[\s;&|(])[A-Za-z_][A-Za-z0-9_]*=\S*$/.test(before) || /\bcase\s+$/.test(before)) return undefined;
  return expansion;
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}
