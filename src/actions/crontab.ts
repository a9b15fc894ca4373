import type { Block } from '../model/block.ts';
import { base64Of, latin1Of, shownText } from '../model/bytes.ts';
import { jobSelector, selects, unreadable } from '../model/cron-jobs.ts';
import { type CronJob, jobsOf, parseCrontab, withoutHeader } from '../model/crontab.ts';
import { type CrontabChange, type CrontabEdit, editCrontab, type LineEdit } from '../model/crontab-edit.ts';
import type { FileContent, Host } from '../model/host.ts';
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import { plural } from '../model/quantity.ts';
import { commandLine, quoteWord } from '../model/quote.ts';
import { isStepReference } from '../model/reference.ts';
import { exactlyOne, object, stepReference, text, word } from '../model/shape.ts';
import { cannot, defineAction, nothingToDo, type Observation } from '../model/verb.ts';
import { AFTER, BEFORE, type CrontabTarget, keptAs, targetsOf } from './_crontab_files.ts';
import { firstChanged, refuseToWrite, restoreAll, undoOf, writeAll } from './_crontab_write.ts';

export default defineAction({
  summary: "silence jobs of cron, or set a variable for them, in users' and system crontabs",
  about:
    'Changes only the lines that it must. set_env puts the assignment above the first of the chosen jobs that need it, and again below every later assignment of the same variable that a chosen job is under; jobs that were not chosen keep their value. ' +
    'silence: redirect sends the output of each chosen job to /dev/null: before the first unescaped %, before a trailing comment, wrapped in { ...; } where more than one plain command stands there. ' +
    'A line that cannot be changed for certain is refused with the reason, and then the whole step, unless `refused: leave` is given: a remedy that leaves one job mailing looks like a cure and is none. ' +
    "Users' crontabs are installed through crontab(1), which checks them and needs a free inode; what it refuses is not installed. Nothing checks the user column of a system file but cron itself; it is never changed here. No copy lies beside a file, cron would run it: the bytes before are kept in the run's record.",
  schema: exactlyOne(
    object(
      'Which jobs, and what to do to them.',
      {
        jobs: stepReference('The jobs: a step of cron_jobs. The files are read again, and chosen by the same words.', 'cron_jobs'),
        set_env: {
          type: 'object',
          description: "Exactly one variable and its value: {MAILTO: ''} switches cron's mail off.",
          minProperties: 1,
          maxProperties: 1,
          propertyNames: { pattern: '^(?!LOGNAME$|USER$)[A-Za-z_][A-Za-z0-9_]*$' },
          additionalProperties: text('The value; empty for none.', { pattern: '^[^\\n\\r\\x00]*$' }),
        },
        silence: word('redirect: send the output of each chosen job to /dev/null.', 'redirect'),
        install_with: text("The program that installs a user's crontab as crontab(1) does, called with -u USER - (default crontab)."),
        refused: word(
          'What to do about lines that cannot be changed: stop the step (default), or leave them, with a warning.',
          'stop',
          'leave',
        ),
      },
      ['jobs'],
    ),
    'set_env',
    'silence',
  ),
  example: { jobs: '$jobs', set_env: { MAILTO: '' } },
  needs: ['fork', 'inode'],
  idempotent: true,

  async observe({ host }, arg) {
    const order = orderOf(arg);
    if (typeof order === 'string') return cannot('the crontabs are not known', order);
    const looked = await lookAt(host, order);
    if (typeof looked === 'string') return cannot('a crontab cannot be read', looked);
    const changes = looked.filter((file) => file.edit.edits.length > 0);
    const refusals = looked.flatMap(refusalsOf);
    if (refusals.length > 0 && order.refused === 'stop') return refusedStep(changes, refusals);
    return changes.length === 0 ? nothingLeft(refusals) : observationOf(order, changes, refusals);
  },

  apply: async (act, arg, observation) => {
    const order = orderOf(arg);
    const targets = targetsOf(observation.targets.detail);
    const installWith = typeof order === 'string' ? 'crontab' : order.installWith;
    const moved = await firstChanged(act, targets);
    if (moved !== null) return refuseToWrite(moved);
    if (act.allowance('edit') < targets.length)
      return refuseToWrite(`${plural(targets.length, 'crontab')} would be edited, the limit allows ${act.allowance('edit')}`);
    return writeAll(act, targets, installWith);
  },

  revert: async (act, data) => {
    const targets = isObject(data) ? targetsOf(data.files) : [];
    const installWith = isObject(data) && typeof data.install_with === 'string' ? data.install_with : 'crontab';
    return restoreAll(act, targets.toReversed(), installWith);
  },
});

// ---------------------------------------------------------------- what is asked

interface Order {
  readonly files: readonly CrontabTarget[];
  readonly selector: ReturnType<typeof jobSelector>;
  readonly change: CrontabChange;
  readonly installWith: string;
  readonly refused: 'stop' | 'leave';
}

/** A text says why not. */
function orderOf(arg: Json): Order | string {
  const { jobs, set_env, install_with, refused } = isObject(arg) ? arg : ({} as JsonObject);
  if (!isStepReference(jobs) || !isObject(jobs.found)) return 'the step that looks for the jobs has not looked, or could not look';
  const [name, value] = isObject(set_env) ? (Object.entries(set_env)[0] ?? []) : [];
  return {
    files: targetsOf(jobs.found.files),
    selector: jobSelector(jobs.selector),
    change: name === undefined ? { kind: 'redirect' } : { kind: 'set', name, value: String(value) },
    installWith: typeof install_with === 'string' ? install_with : 'crontab',
    refused: refused === 'leave' ? 'leave' : 'stop',
  };
}

// ---------------------------------------------------------------- what is seen

interface Looked {
  readonly target: CrontabTarget;
  readonly bytes: string;
  readonly before: string;
  readonly jobs: readonly CronJob[];
  readonly chosen: ReadonlySet<number>;
  readonly edit: CrontabEdit;
}

/** Chosen afresh: a line that has moved since the diagnosis is found again, a job that has come since is included. */
async function lookAt(host: Host, order: Order): Promise<readonly Looked[] | string> {
  const contents = await host.files.read(order.files.map((file) => file.path));
  const looked: Looked[] = [];
  for (const [index, file] of order.files.entries()) {
    const content = contents[index];
    if (content?.ok) looked.push(lookInto(file, content, order));
    else if (content && content.code !== 'ENOENT') return unreadable(file.path, content);
  }
  return looked;
}

function lookInto(file: CrontabTarget, content: FileContent & { ok: true }, order: Order): Looked {
  const before = latin1Of(content.bytes);
  const tab = parseCrontab(before, file.kind);
  const jobs = jobsOf(tab, file.owner);
  const chosen = new Set(jobs.filter((job) => selects(order.selector, job)).map((job) => job.line));
  const edit = editCrontab(before, tab, file.owner, chosen, order.change);
  return { target: { ...file, hash: content.hash }, bytes: content.bytes, before, jobs, chosen, edit };
}

function refusalsOf({ target, jobs, edit }: Looked): readonly string[] {
  return edit.refused.map(({ line, reason }) => {
    const command = jobs.find((job) => job.line === line)?.command ?? '';
    return `${target.path}:${line}: ${reason}: ${shownText(command)}`;
  });
}

function refusedStep(changes: readonly Looked[], refusals: readonly string[]): Observation {
  const reason = `${plural(refusals.length, 'line')} cannot be changed for certain: ${refusals.join('; ')}. Edit them by hand, use set_env, or say \`refused: leave\``;
  return cannot(`${plural(refusals.length, 'line')} cannot be changed`, reason, {
    blocks: [refusalBlock(refusals), ...changes.map(diffOf)],
  });
}

function nothingLeft(refusals: readonly string[]): Observation {
  if (refusals.length === 0) return nothingToDo('every chosen job is already so');
  return nothingToDo(`${plural(refusals.length, 'line')} cannot be changed, every other chosen job is already so`, {
    blocks: [refusalBlock(refusals)],
    warnings: refusals,
  });
}

function refusalBlock(refusals: readonly string[]): Block {
  return { kind: 'text', lines: ['refused:', ...refusals] };
}

function diffOf({ target, before, edit }: Looked): Block {
  return { kind: 'diff', path: target.path, before: shownText(before), after: shownText(edit.text) };
}

function observationOf(order: Order, changes: readonly Looked[], refusals: readonly string[]): Observation {
  const targets = changes.map((change) => change.target);
  const jobs = changes.reduce((sum, change) => sum + change.chosen.size, 0);
  return {
    verdict: 'change',
    summary: `${sayChange(order.change)} for ${plural(jobs, 'job')} in ${plural(changes.length, 'crontab')}`,
    targets: {
      kind: 'file',
      count: targets.length,
      members: targets.map((target) => target.path),
      detail: targets.map((target) => ({ ...target })),
    },
    blocks: [...(refusals.length > 0 ? [refusalBlock(refusals)] : []), ...changes.map(diffOf)],
    undo: undoOf(targets, order.installWith),
    predicts: changes.map(({ target, edit }) => ({ kind: 'file', path: target.path, bytes: base64Of(edit.text) })),
    costs: { edit: targets.length },
    keep: Object.fromEntries(changes.flatMap(bytesToKeep)),
    explain: changes.map((change) => explainEdit(change, order.installWith)),
    estimate: 50 * targets.length,
    warnings: refusals.map((refusal) => `left as it is, it goes on mailing: ${refusal}`),
  };
}

function sayChange(change: CrontabChange): string {
  return change.kind === 'redirect' ? 'redirect the output to /dev/null' : `set ${change.name}="${change.value}"`;
}

/** After the act it is guarded by what was written: both are kept, because `crontab` renews its header and no hash can be foretold. */
function bytesToKeep({ target, bytes, edit }: Looked): readonly (readonly [string, string])[] {
  return [
    [keptAs(BEFORE, target.path), bytes],
    [keptAs(AFTER, target.path), base64Of(edit.text)],
  ];
}

/** With sed, by the line numbers that the person sees: `crontab -l` hides Debian's header. */
function explainEdit({ target, before, edit }: Looked, installWith: string): string {
  const hidden = target.kind === 'user' ? before.slice(0, before.length - withoutHeader(before).length).split('\n').length - 1 : 0;
  const script = edit.edits.map((each) => `-e ${quoteWord(sedLine(each, hidden))}`).join(' ');
  if (target.kind !== 'user') return `sed -i ${script} ${quoteWord(target.path)}`;
  const argv = [installWith, '-u', target.owner];
  return `${commandLine([...argv, '-l'])} | sed ${script} | ${commandLine([...argv, '-'])}`;
}

function sedLine(edit: LineEdit, hidden: number): string {
  return `${edit.line - hidden}${edit.how === 'insert' ? 'i' : 'c'}\\${shownText(edit.text).replaceAll('\\', '\\\\')}`;
}
