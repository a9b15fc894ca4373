import { type ParsedShell, type Pipeline, parseShell, type Redirect, type ShellCommand } from './shell-list.ts';
import type { Dialect } from './shell-words.ts';

/**
 * Finds out where the output of a job goes. cron mails everything that reaches standard output or error, so a job
 * counts as silent only if the output of every command certainly goes elsewhere.
 */

/**
 * How a program named by SHELL reads a command; null where it is none of the Bourne family, whose redirections differ.
 */
export function dialectOf(shell: string): Dialect | null {
  const name = shell.slice(shell.lastIndexOf('/') + 1);
  // `cmd &>/dev/null` is one redirection in these, and a background job plus an empty file in a plain sh.
  if (['bash', 'rbash', 'zsh'].includes(name)) return 'bash';
  return ['sh', 'dash', 'ash', 'busybox', 'ksh', 'mksh', 'ksh93', 'posh', 'yash'].includes(name) ? 'sh' : null;
}

/** False only if nothing that the command prints can reach cron. */
export function prints(command: string, dialect: Dialect | null): boolean {
  if (dialect === null) return command.trim() !== '';
  const parsed = parseShell(command, dialect);
  return !parsed.ok || (dialect === 'sh' && namesBothWays(parsed.line.list)) || !isSilent(parsed);
}

function isSilent(parsed: ParsedShell & { ok: true }): boolean {
  return silentList(parsed.line.list, CRON);
}

/**
 * Where each descriptor leads: to cron, which mails it, or elsewhere. An unknown descriptor counts as leading to cron.
 */
type Descriptors = ReadonlyMap<number, 'cron' | 'away'>;
const CRON: Descriptors = new Map([
  [1, 'cron'],
  [2, 'cron'],
]);

function silentList(list: readonly Pipeline[], outer: Descriptors): boolean {
  return list.every((pipeline) => silentPipeline(pipeline, outer));
}

function silentPipeline(pipeline: Pipeline, outer: Descriptors): boolean {
  return pipeline.commands.every(({ command, pipesError }, index) => {
    const last = index === pipeline.commands.length - 1;
    if (last && index > 0 && isLogger(command)) return true;
    if (last) return silentCommand(command, outer);
    const piped = new Map(outer).set(1, 'away');
    return silentCommand(command, pipesError ? piped.set(2, 'away') : piped);
  });
}

/** logger(1) prints its input only if it is asked to. */
function isLogger(command: ShellCommand): boolean {
  if (command.kind !== 'simple') return false;
  const [name, ...options] = command.words;
  const plain = options.every((option) => !/^-[a-z]*s|^--stderr/.test(option) && !/[`$]/.test(option));
  return plain && (name === 'logger' || name === '/usr/bin/logger');
}

function silentCommand(command: ShellCommand, outer: Descriptors): boolean {
  const inner = command.redirects.reduce(redirected, outer);
  if (command.kind === 'compound') return command.lists.every((list) => silentList(list, inner));
  // The shell expands words before it redirects: what a substitution prints on standard error goes where the shell's
  // goes.
  const expansions = [...command.words, ...command.redirects.map((redirect) => redirect.target)];
  if (outer.get(2) !== 'away' && expansions.some(mayPrint)) return false;
  return (inner.get(1) === 'away' && inner.get(2) === 'away') || saysNothing(command.words);
}

const QUIET = new Set(['true', 'false', ':', 'test', '[', 'sleep', 'exit']);

/** Commands that print only when they are misused, and assignments. */
function saysNothing(words: readonly string[]): boolean {
  return words.length === 0 || QUIET.has(words[0] ?? '') || words.every((word) => /^[A-Za-z_]\w*=/.test(word));
}

/** A substitution of anything but these plain commands may print an error of its own. */
function mayPrint(word: string): boolean {
  if (/^'[^']*'$/.test(word)) return false;
  const plain = /(\$\(|`)[ \t]*(?:\/usr)?(?:\/bin\/)?(?:date|hostname|whoami|id|uname|pwd|nproc)\b[^|;&<>$`()]*[)`]/g;
  return /\$\(|`/.test(word.replace(plain, ''));
}

function redirected(descriptors: Descriptors, redirect: Redirect): Descriptors {
  const next = new Map(descriptors);
  const { operator, descriptor, target } = redirect;
  // `2>&file` is an error in bash too: only a bare `>&file` means both.
  if (operator === '&>' || operator === '&>>' || (operator === '>&' && descriptor === 1 && !/^(\d+|-)$/.test(target))) {
    return next.set(1, destination(target)).set(2, destination(target));
  }
  if (operator === '>&' || operator === '<&')
    return next.set(descriptor, target === '-' ? 'away' : (descriptors.get(Number(target)) ?? 'cron'));
  return operator.startsWith('>') || operator === '<>' ? next.set(descriptor, destination(target)) : next;
}

/**
 * A file is away; the shell's own descriptors by another name, a terminal, or a bare variable that may be empty are not
 * certain.
 */
function destination(target: string): 'cron' | 'away' {
  const name = target.replaceAll(/["']/g, '');
  if (/^\/(dev\/(std|fd|tty|console|pts)|proc\/)/.test(name)) return 'cron';
  return /[$`]/.test(name) && !name.includes('/') ? 'cron' : 'away';
}

export type Silenced = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };

const TO_NOTHING = ' >/dev/null 2>&1';

/**
 * The command with its output sent to /dev/null and nothing else changed: one plain command gets the redirection behind
 * it, everything else is wrapped in `{ ...; }`, so that redirections that are there keep their meaning. A trailing
 * comment stays behind the redirection.
 */
export function silenced(command: string, dialect: Dialect | null): Silenced {
  if (dialect === null) return { ok: false, reason: 'its SHELL is not of the Bourne family' };
  const parsed = parseShell(command, dialect);
  if (!parsed.ok) return parsed;
  if (dialect === 'sh' && namesBothWays(parsed.line.list))
    return { ok: false, reason: 'it has >& with what is no number, which sh refuses' };
  if (isSilent(parsed)) return { ok: true, text: command };
  const { from, to, terminated, list } = parsed.line;
  const body = command.slice(from, to);
  const wrapped = isPlain(list, terminated) ? body : `{ ${body}${terminated ? ' }' : '; }'}`;
  return { ok: true, text: command.slice(0, from) + wrapped + TO_NOTHING + command.slice(to) };
}

/** One command with words, no redirection and no substitution, whose meaning a redirection behind it cannot change. */
function isPlain(list: readonly Pipeline[], terminated: boolean): boolean {
  const [pipeline, another] = list;
  const [first, second] = pipeline?.commands ?? [];
  if (terminated || another || second || pipeline?.negated || first?.command.kind !== 'simple') return false;
  const { words, redirects } = first.command;
  return words.length > 0 && redirects.length === 0 && !words.some((word) => /\$\(|`/.test(word));
}

function namesBothWays(list: readonly Pipeline[]): boolean {
  const odd = (redirect: Redirect) => /^[<>]&$/.test(redirect.operator) && !/^(\d+$|-$|["']?\$)/.test(redirect.target);
  return list.some(({ commands }) =>
    commands.some(
      ({ command }) =>
        command.redirects.some(odd) || (command.kind === 'compound' && command.lists.some(namesBothWays)),
    ),
  );
}
