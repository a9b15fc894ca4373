import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { readPlainText, sayUnread } from '../hosts/read-text.ts';
import type { OutcomeName } from '../model/outcome.ts';
import type { Mode } from '../model/policy/permit.ts';
import type { Catalogue } from '../model/ports.ts';
import type { Runbook } from '../model/runbook.ts';
import { plural } from '../model/text/quantity.ts';
import { type Command, defineCommand, type Io } from './_command.ts';
import { prepare } from './_prepare.ts';
import { print } from './_print.ts';
import { type CommandResult, hasEnded, refuse, told } from './_result.ts';

type Options = Readonly<Record<string, unknown>>;

const command: Command = defineCommand({
  name: 'policy',
  summary: 'check policies, and explain what one lets automation do',
  about:
    '`policy check` reads policies, prints every mistake with its line, says each rule in a sentence, and which rules allow nothing of the library any more: written for an older version, or without a right that must be named. `policy explain` says, rule by rule and condition by condition, whether a runbook may run unattended here and now, or for another user, host or time. It looks at no host and changes nothing. Exits as the run would be refused: 77 by policy or kill switch, 3 while a fix that held cools down, 5 for too many runs. To stop all automation at once: /etc/firebreak/stop, for one user $XDG_CONFIG_HOME/firebreak/stop (by default ~/.config), or FIREBREAK_STOP=1; while one is there nothing starts unattended, and what is at work stops at its next safe point.',
  args: [
    { syntax: '<what>', about: 'check or explain' },
    { syntax: '[operands...]', about: 'check: policy files; explain: a runbook, by name or path' },
  ],
  options: [
    { flags: '--policy <file>', about: 'explain: the policy' },
    {
      flags: '-p, --param <name=value>',
      about: 'explain: a parameter of the runbook; may be given again',
      repeatable: true,
    },
    {
      flags: '--runbook <name>',
      about: 'check: say what its rules do not allow of this runbook too, by name or path; may be given again',
      repeatable: true,
    },
    { flags: '--who <user>', about: 'explain: who starts it; default: you' },
    { flags: '--host <name>', about: 'explain: on which host; default: this one' },
    { flags: '--at <time>', about: 'explain: when, as 2026-12-24T03:00 or with an offset; default: now' },
    { flags: '--json', about: 'print JSON' },
  ],
  examples: [
    ['firebreak policy check /etc/firebreak/policy.yaml', 'is it well, and what does it say?'],
    ['firebreak policy check policy.yaml --runbook ./mine.yaml', 'does a rule still allow my own runbook?'],
    ['firebreak policy explain cron-mail-storm --policy examples/policy.yaml', 'may automation run it here, now?'],
    [
      'firebreak policy explain cron-mail-storm --policy p.yaml --who nagios --host mail-1 --at 2026-12-24T03:00Z --param watch=1h',
      'and there, then, with that?',
    ],
  ],
  async run(io, [what, ...operands], options) {
    if (what === 'check' && operands.length > 0) return checkAll(io, operands, options);
    const [runbook, ...others] = operands;
    if (what === 'explain' && runbook !== undefined && others.length === 0) return explainHere(io, runbook, options);
    return refuse(
      'it is `firebreak policy check FILE...` or `firebreak policy explain RUNBOOK --policy FILE`',
      'usage',
    );
  },
});
export default command;

// ---------------------------------------------------------------- check

async function checkAll(io: Io, files: readonly string[], options: Options): Promise<CommandResult> {
  const { loadPolicy } = await import('../load/policy.ts');
  const { folderCatalogue } = await import('../wiring/catalogue.ts');
  const { reviewPolicy } = await import('../model/policy/review.ts');
  const { problemsToJson, renderProblems } = await import('../views/problem.ts');
  const { tellPolicy } = await import('../views/tell/policy.ts');
  const { drawText } = await import('../views/draw/terminal.ts');
  const { paperOf } = await import('../views/draw/style.ts');
  const { escaped, escapeJson } = await import('../views/draw/escape.ts');
  const catalogue = folderCatalogue();
  const runbooks = await reviewed(io, options, catalogue);
  if (hasEnded(runbooks)) return runbooks;
  const rows: string[] = [];
  let outcome: OutcomeName = 'held';
  for (const file of files) {
    const read = readPlainText(resolve(io.cwd, file));
    if (!read.ok) {
      io.stderr(told([sayUnread(file, read.code)]));
      outcome = 'no-such-file';
      continue;
    }
    const { text } = read;
    const loaded = await loadPolicy({ path: file, text, catalogue });
    const problems = loaded.ok ? [] : loaded.problems;
    const notes = loaded.ok ? reviewPolicy(loaded.value, runbooks) : [];
    const said = `"problems": ${problemsToJson(problems)}, "notes": ${escapeJson(JSON.stringify(notes))}`;
    rows.push(`  {"file": ${escapeJson(JSON.stringify(file))}, "ok": ${loaded.ok}, ${said}}`);
    if (!loaded.ok && outcome === 'held') outcome = 'invalid-runbook';
    if (options.json === true) continue;
    if (loaded.ok) {
      io.stdout(`ok  ${escaped(file)}  policy: ${plural(loaded.value.rules.length, 'rule')}\n`);
      io.stdout(drawText(tellPolicy(loaded.value, notes), paperOf({ columns: io.columns, color: io.color.stdout })));
    } else io.stderr(renderProblems(problems, { textOf: () => text, color: io.color.stderr, columns: io.columns }));
  }
  if (options.json === true) io.stdout(`[\n${rows.join(',\n')}\n]\n`);
  return { outcome };
}

/** What the rules are held against: the library, and the runbooks that were named. */
async function reviewed(io: Io, options: Options, catalogue: Catalogue): Promise<readonly Runbook[] | CommandResult> {
  const { libraryNames, readRunbook } = await import('../wiring/library.ts');
  const named = Array.isArray(options.runbook) ? options.runbook.map(String) : [];
  const runbooks: Runbook[] = [];
  for (const name of new Set([...libraryNames(), ...named])) {
    const read = await readRunbook(name, io.cwd, { catalogue });
    if (read.ok === 'missing') return refuse(read.message, 'no-such-file');
    if (!read.ok) return refuse(`${name} has mistakes: firebreak check ${name}`, 'invalid-runbook');
    runbooks.push(read.value);
  }
  return runbooks;
}

// ---------------------------------------------------------------- explain

async function explainHere(io: Io, name: string, options: Options): Promise<CommandResult> {
  if (typeof options.policy !== 'string') return refuse('`policy explain` needs --policy FILE', 'usage');
  const at = options.at === undefined ? Date.now() : Date.parse(String(options.at));
  if (Number.isNaN(at))
    return refuse(`--at ${String(options.at)}: write 2026-12-24T03:00, or with an offset 2026-12-24T03:00Z`, 'usage');
  const prepared = await prepare(io, name, options);
  if (hasEnded(prepared)) return prepared;
  const { explain } = await import('../model/policy/explain.ts');
  const { stopSwitch } = await import('../wiring/stop-switch.ts');
  const { modeFor } = await import('../wiring/world.ts');
  const { tellExplanation } = await import('../views/tell/policy.ts');
  const mode = asIf(await modeFor(io, { ...prepared, runbook: prepared.runbook.name }), options, at);
  const host = typeof options.host === 'string' ? options.host : hostname();
  const explanation = explain(mode, { runbook: prepared.runbook, params: prepared.params, host, at }, stopSwitch(io)());
  await print(io, tellExplanation(explanation), { json: options.json });
  return { outcome: explanation.refusal?.outcome ?? 'held' };
}

/** The trigger with what was asked for in its place. What came after `at` is not remembered then. */
function asIf(mode: Mode, { who }: Options, at: number): Extract<Mode, { kind: 'unattended' }> {
  if (mode.kind === 'attended') throw new Error('bug: a policy was given');
  const { trigger } = mode;
  const past = trigger.past.filter(({ started }) => started <= at);
  return { ...mode, trigger: { ...trigger, past, ...(typeof who === 'string' && { who }) } };
}
