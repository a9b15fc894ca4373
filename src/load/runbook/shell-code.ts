import type { Command, Pipeline, SyntaxNode, Word, WordPart } from 'unbash';

/** Where a text for a shell hands what was found to something that runs it as code. */

const SHELLS = ['sh', 'bash', 'dash', 'zsh', 'ksh', 'ash'];
const INTERPRETERS = [...SHELLS, 'perl', 'ruby', 'node', 'php', 'lua'];
/** They run the command that their arguments name. */
const WRAPPERS =
  'command builtin exec sudo doas env nohup nice ionice setsid stdbuf xargs timeout flock time chroot nsenter runuser busybox'.split(
    ' ',
  );
/** The option whose value is code; a shell's may stand among others (`-ec`). */
const CODE: readonly (readonly [programs: RegExp, option: RegExp])[] = [
  [/^(?:su|runuser|script|flock)$/, /^(?:-c|--command)$/],
  [/^python[\d.]*$/, /^-c$/],
  [/^(?:perl|ruby|node|lua)$/, /^-\w*[eE]$/],
  [/^php$/, /^-r$/],
];

const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const isOption = ({ value }: Word): boolean => value.startsWith('-') && value !== '-';
const holds = (word: Word | undefined): boolean => word !== undefined && hasExpansion(word.parts ?? []);

function hasExpansion(parts: readonly WordPart[]): boolean {
  return parts.some(
    (part) => /Expansion$/.test(part.type) || (part.type === 'DoubleQuoted' && hasExpansion(part.parts)),
  );
}

/** All words of a command, and those from its program on: without `sudo` and its kin, and `NAME=value` before it. */
function wordsOf(node: Command): { readonly all: readonly Word[]; readonly own: readonly Word[] } {
  const all = [...(node.name ? [node.name] : []), ...node.suffix.filter((one): one is Word => one.type === 'Word')];
  const first = all.findIndex(
    ({ value }) => !WRAPPERS.includes(baseOf(value)) && !value.startsWith('-') && !/^\w+=/.test(value),
  );
  return { all, own: first < 0 ? [] : all.slice(first) };
}

/** `eval`, a text that something was put into and that another program runs, and what is run later or elsewhere. */
export function runsCode(node: Command): boolean {
  const { all, own } = wordsOf(node);
  const [program, ...rest] = own;
  const name = baseOf(program?.value ?? '');
  if (name === 'eval') return true;
  if (name === 'trap') return holds(rest.find((word) => !isOption(word)));
  if (name === 'ssh') return afterDestination(rest).some(holds);
  if (/^[gmn]?awk$/.test(name)) return holds(programOfAwk(rest));
  return all.some((word, at) => scriptIn(word, all.slice(at + 1), all.slice(0, at))) || feedsShell(node, all);
}

/** `sh -c SCRIPT`, wherever it stands: behind `timeout 5`, `find -exec`, `docker exec`. */
function scriptIn(word: Word, after: readonly Word[], before: readonly Word[]): boolean {
  const base = baseOf(word.value);
  if (SHELLS.includes(base)) {
    const option = after.findIndex(({ value }) => /^-\w*c$/.test(value));
    if (option < 0 || after.slice(0, option).some((each) => !isOption(each))) return false;
    const script = after[option + 1];
    const filled = before.some(({ value }) => ['xargs', 'find', 'parallel'].includes(baseOf(value)));
    // xargs hands it the script, or its words are put in the place of {}.
    return holds(script) || (filled && (script === undefined || script.value.includes('{}')));
  }
  const [, code] = CODE.find(([programs]) => programs.test(base)) ?? [];
  return code !== undefined && after.some(({ value }, at) => code.test(value) && holds(after[at + 1]));
}

/** What ssh joins by blanks for the far shell to read. */
function afterDestination(words: readonly Word[]): readonly Word[] {
  let at = 0;
  while (at < words.length && isOption(words[at] as Word))
    at += /^-[A-Za-z]*[BbcDEeFIiJLlmOopQRSWw]$/.test(words[at]?.value ?? '') ? 2 : 1;
  return words.slice(at + 1);
}

function programOfAwk(words: readonly Word[]): Word | undefined {
  let at = 0;
  while (at < words.length && isOption(words[at] as Word)) {
    if (/^(?:-f|--file)/.test(words[at]?.value ?? '')) return undefined;
    at += /^-[Fv]$/.test(words[at]?.value ?? '') ? 2 : 1;
  }
  return words[at];
}

/** A shell without a script of its own reads one from its input. */
const readsScript = (words: readonly Word[]): boolean =>
  !words.some(
    (word) => /^-\w*[ceEr]$/.test(word.value) || word.value === '-m' || (!isOption(word) && word.value !== '-'),
  );

function feedsShell({ redirects }: Command, words: readonly Word[]): boolean {
  const at = words.findIndex(({ value }) => SHELLS.includes(baseOf(value)));
  if (at < 0 || !readsScript(words.slice(at + 1))) return false;
  return redirects.some(
    (one) => one.type === 'HereDoc' && one.delimiter?.quoted !== true && hasExpansion(one.body.parts ?? []),
  );
}

/** The shells and interpreters that run what a pipe gives them, also inside of (...) and {...}. */
export function fedByPipe({ commands }: Pipeline, forEachChild: ForEachChild): readonly SyntaxNode[] {
  const found: SyntaxNode[] = [];
  const walk = (node: SyntaxNode): void => {
    if (node.type === 'Command') {
      if (isFed(node)) found.push(node);
    } else if (node.type !== 'Function') forEachChild(node, walk);
  };
  for (const command of commands.slice(1)) walk(command as SyntaxNode);
  return found;
}

type ForEachChild = (node: SyntaxNode, visit: (child: SyntaxNode) => void) => void;

function isFed(node: Command): boolean {
  const { all, own } = wordsOf(node);
  const runs = (word: Word | undefined): boolean => {
    const base = baseOf(word?.value ?? '');
    return INTERPRETERS.includes(base) || /^python[\d.]*$/.test(base);
  };
  // Of what stands behind `timeout 5` or `sudo -u bob` the first shell is the program.
  const wrapped = WRAPPERS.includes(baseOf(all[0]?.value ?? ''));
  const at = wrapped ? all.findIndex(runs) : runs(own[0]) ? all.indexOf(own[0] as Word) : -1;
  return at >= 0 && readsScript(all.slice(at + 1)) && !node.redirects.some(({ operator }) => operator.startsWith('<'));
}
