import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readPlainText, sayUnread } from '../hosts/read-text.ts';
import type { Catalogue } from '../model/ports.ts';
import type { Problem } from '../model/problem.ts';
import { isAction, type Runbook } from '../model/runbook.ts';
import { plural } from '../model/text/quantity.ts';
import { defineCommand, type Io } from './_command.ts';
import { told } from './_result.ts';

export default defineCommand({
  name: 'check',
  summary: 'check runbooks, policies and hosts',
  about:
    'Reads runbooks, policies and hosts.yaml and prints every mistake with its line, what is allowed there and what was probably meant. Looks at no host. ' +
    'A folder stands for all its *.yaml files. Exits 65 where there are problems.',
  args: [{ syntax: '<files...>', about: 'runbooks, policies, hosts.yaml, or folders of them' }],
  options: [{ flags: '--json', about: 'print the result of every file as JSON' }],
  examples: [
    ['firebreak check runbooks/', 'check every runbook of a folder'],
    ['firebreak check cron-mail-storm', 'check a runbook of the library'],
    ['firebreak check disk-full.yaml --json', 'problems for an editor or a pipeline'],
  ],
  async run(io, args, options) {
    const { runbookPath } = await import('../wiring/library.ts');
    const found = filesOf(args, io.cwd, (name) => runbookPath(name, io.cwd));
    for (const message of found.missing) io.stderr(`firebreak: ${message}\n`);
    await warnOfUntrusted(io, found.files);
    const results: Result[] = [];
    for (const file of found.files) results.push(await checkFile(file, io.cwd));
    await (options.json === true ? printJson : print)(io, results);
    if (found.missing.length > 0) return { outcome: 'no-such-file' };
    return { outcome: results.some((result) => result.problems.length > 0) ? 'invalid-runbook' : 'held' };
  },
});

interface Result {
  readonly file: string;
  readonly text: string;
  readonly problems: readonly Problem[];
  /** Keys without an effect that are no mistake. */
  readonly notes?: readonly string[];
  /** What the file is, where it is well. */
  readonly is: string;
}

interface Found {
  readonly files: readonly { readonly shown: string; readonly text: string }[];
  readonly missing: readonly string[];
}

function filesOf(args: readonly string[], cwd: string, inLibrary: (name: string) => string): Found {
  // Bytes that are no UTF-8 become U+FFFD, which the loader refuses with its place.
  const named = args.flatMap((arg) =>
    pathsIn(arg, cwd, inLibrary).map((shown) => ({ shown, read: readPlainText(resolve(cwd, shown)) })),
  );
  return {
    files: named.flatMap(({ shown, read }) => (read.ok ? [{ shown, text: read.text }] : [])),
    missing: named.flatMap(({ shown, read }) => (read.ok ? [] : [sayUnread(shown, read.code)])),
  };
}

/**
 * The paths are shown as they were given, so that an editor's problem matcher finds them. A bare name that is no file
 * is the library's.
 */
function pathsIn(arg: string, cwd: string, inLibrary: (name: string) => string): readonly string[] {
  try {
    if (!statSync(resolve(cwd, arg)).isDirectory()) return [arg];
    return readdirSync(resolve(cwd, arg))
      .filter((name) => /\.ya?ml$/.test(name) && !name.startsWith('.'))
      .sort()
      .map((name) => join(arg, name));
  } catch {
    return [existsSync(inLibrary(arg)) ? inLibrary(arg) : arg];
  }
}

async function checkFile({ shown, text }: Found['files'][number], cwd: string): Promise<Result> {
  const { isPolicyText, loadPolicy } = await import('../load/policy.ts');
  if (isPolicyText(text)) {
    const { folderCatalogue } = await import('../wiring/catalogue.ts');
    const policy = await loadPolicy({ path: shown, text, catalogue: folderCatalogue() });
    return {
      file: shown,
      text,
      ...(policy.ok ? well(`policy: ${plural(policy.value.rules.length, 'rule')}`) : ill(policy.problems)),
    };
  }
  if (/^firebreak_hosts\s*:/m.test(text)) {
    const { loadInventory } = await import('../load/inventory.ts');
    const hosts = await loadInventory({ path: shown, text });
    return {
      file: shown,
      text,
      ...(hosts.ok ? well(plural(hosts.value.targets.length, 'host')) : ill(hosts.problems)),
    };
  }
  const { loadRunbook } = await import('../load/load.ts');
  const { folderCatalogue } = await import('../wiring/catalogue.ts');
  const { findUsedIn } = await import('../wiring/library.ts');
  const runbook = await loadRunbook({ path: shown, text, catalogue: folderCatalogue(), findUsed: findUsedIn(cwd) });
  if (!runbook.ok) return { file: shown, text, ...ill(runbook.problems) };
  return {
    file: shown,
    text,
    ...well(sayRunbook(runbook.value)),
    notes: await asksAnyway(runbook.value, folderCatalogue()),
  };
}

/** `check` runs nothing, so it only warns of files that a run would refuse. */
async function warnOfUntrusted(io: Io, files: Found['files']): Promise<void> {
  const { saySuspected, trustedReader } = await import('../wiring/trusted.ts');
  const reader = trustedReader(io.uid);
  for (const { shown } of files) reader.read(resolve(io.cwd, shown));
  const suspected = reader.suspected();
  if (suspected.size > 0) io.stderr(told(saySuspected(suspected, 'warning: no run would use these: ')));
}

/** `ask: false` of what cannot be undone: a terminal asks all the same. */
async function asksAnyway({ act }: Runbook, catalogue: Catalogue): Promise<readonly string[]> {
  const notes: string[] = [];
  for (const { verb, place } of act.filter(
    (step) => !step.ask && step.undo?.kind !== 'steps' && isAction(step, catalogue.actions),
  )) {
    if ((await catalogue.action(verb)).forGood !== true) continue;
    notes.push(
      `${place.file}:${place.line}: \`ask: false\` says nothing here: what \`${verb}\` does cannot be undone, so a person is always asked`,
    );
  }
  return notes;
}

const well = (is: string) => ({ problems: [], is });
const ill = (problems: readonly Problem[]) => ({ problems, is: '' });

function sayRunbook(runbook: Runbook): string {
  const { name, version, diagnose, act, verify } = runbook;
  return `${name} ${version}: ${diagnose.length} diagnose, ${act.length} act, ${verify.length} verify`;
}

async function print(io: Io, results: readonly Result[]): Promise<void> {
  const { escaped } = await import('../views/draw/escape.ts');
  for (const { file, problems, is } of results)
    if (problems.length === 0) io.stdout(`ok  ${escaped(file)}  ${escaped(is)}\n`);
  for (const { notes = [] } of results) for (const note of notes) io.stderr(`firebreak: note: ${escaped(note)}\n`);
  const problems = results.flatMap((result) => result.problems);
  if (problems.length === 0) return;
  const { renderProblems } = await import('../views/problem.ts');
  const textOf = (file: string) => results.find((result) => result.file === file)?.text ?? textOfUsed(file, io.cwd);
  io.stderr(renderProblems(problems, { textOf, color: io.color.stderr, columns: io.columns }));
}

/** The texts of used runbooks, so that a mistake is shown in its own text. */
function textOfUsed(file: string, cwd: string): string | undefined {
  const read = readPlainText(resolve(cwd, file));
  return read.ok ? read.text : undefined;
}

async function printJson(io: Io, results: readonly Result[]): Promise<void> {
  const { problemsToJson } = await import('../views/problem.ts');
  const { escapeJson } = await import('../views/draw/escape.ts');
  const rows = results.map(
    ({ file, problems }) =>
      `  {"file": ${escapeJson(JSON.stringify(file))}, "ok": ${problems.length === 0}, "problems": ${problemsToJson(problems)}}`,
  );
  io.stdout(`[\n${rows.join(',\n')}\n]\n`);
}
