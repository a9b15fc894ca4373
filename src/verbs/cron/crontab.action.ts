import type { Block } from '../../model/block.ts';
import { offsetOn } from '../../model/host/far-clock.ts';
import { isObject } from '../../model/json.ts';
import { read } from '../../model/read.ts';
import {
  byDefault,
  exactlyOne,
  type Infer,
  mapOf,
  object,
  stepReference,
  text,
  word,
} from '../../model/runbook/shape.ts';
import { base64Of, shownText } from '../../model/text/bytes.ts';
import { plural } from '../../model/text/quantity.ts';
import { commandLine, quoteWord } from '../../model/text/quote.ts';
import { cannot, change, defineAction, nothingToDo, type Observation } from '../../model/verb.ts';
import { withoutHeader } from './crontab.ts';
import type { CrontabChange, CrontabLineEdit } from './crontab-edit.ts';
import { AFTER, BEFORE, crontabTargets, keptAs } from './crontab-files.ts';
import { type Looked, lookAtCrontabs, type Order, obstaclesOf } from './crontab-look.ts';
import { firstChanged, refuseToWrite, restoreAll, undoOf, writeCrontabs } from './crontab-write.ts';
import { JOBS, jobSelector } from './jobs.ts';
import { type ClockThere, suspicionOf } from './suspects.ts';

const CRONTAB = exactlyOne(
  object(
    'Which jobs, and what to do to them.',
    {
      jobs: stepReference(
        'The jobs: a step of cron_jobs. The files are read again, and chosen by the same words.',
        'cron_jobs',
      ),
      set_env: mapOf(
        "Exactly one variable and its value: {MAILTO: ''} switches cron's mail off.",
        text('The value; empty for none.', { pattern: '^[^\\n\\r\\x00]*$' }),
        {
          minProperties: 1,
          maxProperties: 1,
          propertyNames: { pattern: '^(?!LOGNAME$|USER$)[A-Za-z_][A-Za-z0-9_]*$' },
        },
      ),
      silence: word('redirect: send the output of each chosen job to /dev/null.', 'redirect'),
      install_with: byDefault(
        'crontab',
        text("The program that installs a user's crontab as crontab(1) does, called with -u USER - (default crontab)."),
      ),
      refused: byDefault(
        'stop',
        word(
          'What to do about lines that cannot be changed: stop the step (default), or leave them, with a warning.',
          'stop',
          'leave',
        ),
      ),
    },
    ['jobs'],
  ),
  'set_env',
  'silence',
);
type Arg = Infer<typeof CRONTAB>;

export default defineAction({
  summary: "silence jobs of cron, or set a variable for them, in users' and system crontabs",
  about:
    'Changes only the lines that it must. set_env puts the assignment above the first of the chosen jobs that need it, and again below every later assignment of the same variable that a chosen job is under; jobs that were not chosen keep their value. ' +
    'silence: redirect sends the output of each chosen job to /dev/null: before the first unescaped %, before a trailing comment, wrapped in { ...; } where more than one plain command stands there. ' +
    'A line that cannot be changed for certain is refused with the reason, and then the whole step, unless `refused: leave` is given: a remedy that leaves one job mailing looks like a cure and is none. ' +
    'Before anything is done each file is opened for writing, so that one that is immutable or on a read-only file system stops the step, too. ' +
    "Users' crontabs are installed through crontab(1), which checks them and needs a free inode; what it refuses is not installed. One that it would not install though cron takes it (a user in cron.deny) is replaced where it lies. Nothing checks the user column of a system file but cron itself; it is never changed here. No copy lies beside a file, cron would run it: the bytes before are kept in the run's record.",
  schema: CRONTAB,
  example: { jobs: '$jobs', set_env: { MAILTO: '' } },
  needs: ['fork', 'inode'],
  idempotent: true,

  async observe({ host, clock }, arg) {
    const order = orderOf(arg, { now: clock.now(), offset: offsetOn(host) });
    if (typeof order === 'string') return cannot('the crontabs are not known', order);
    const looked = await lookAtCrontabs(host, order);
    if (typeof looked === 'string') return cannot('a crontab cannot be read', looked);
    const wanted = looked.files.filter((file) => file.edit.edits.length > 0);
    const obstacles = await obstaclesOf(host, wanted);
    const changes = wanted.filter((file) => !obstacles.has(file.target.path));
    const refusals = [...looked.files.flatMap(refusalsOf), ...obstacles.values()];
    if (refusals.length > 0 && order.refused === 'stop') return refusedStep(changes, refusals, obstacles.size);
    return changes.length === 0
      ? nothingLeft(refusals, looked.asides)
      : observationOf(order, changes, refusals, looked.asides);
  },

  apply: async (act, arg, observation) => {
    const targets = crontabTargets(observation.targets.detail);
    const moved = await firstChanged(act, targets);
    if (moved !== null) return refuseToWrite(moved);
    if (act.allowance('edit') < targets.length)
      return refuseToWrite(
        `${plural(targets.length, 'crontab')} would be edited, the limit allows ${act.allowance('edit')}`,
      );
    return writeCrontabs(act, targets, arg.install_with);
  },

  revert: async (act, data) => {
    const targets = isObject(data) ? crontabTargets(data.files) : [];
    const installWith = isObject(data) && typeof data.install_with === 'string' ? data.install_with : 'crontab';
    return restoreAll(act, targets.toReversed(), installWith);
  },
});

// ---------------------------------------------------------------- what is asked

/** A text says why not. */
function orderOf(
  { jobs, set_env = {}, silence = 'redirect', install_with: installWith, refused }: Arg,
  there: ClockThere,
): Order | string {
  if (!isObject(jobs.found)) return 'the step that looks for the jobs has not looked, or could not look';
  const [assignment] = Object.entries(set_env);
  return {
    files: crontabTargets(jobs.found.files),
    selector: jobSelector(read(JOBS, jobs.selector)),
    suspicion: suspicionOf(jobs.found.suspicion),
    there,
    change: assignment ? { kind: 'set', name: assignment[0], value: assignment[1] } : { kind: silence },
    installWith,
    refused,
  };
}

// ---------------------------------------------------------------- what is seen

function refusalsOf({ target, jobs, edit }: Looked): readonly string[] {
  return edit.refused.map(({ line, reason }) => {
    const command = jobs.find((job) => job.line === line)?.command ?? '';
    return `${target.path}:${line}: ${reason}: ${shownText(command)}`;
  });
}

function refusedStep(changes: readonly Looked[], refusals: readonly string[], files: number): Observation {
  const lines = refusals.length - files;
  const what = [...(lines > 0 ? [plural(lines, 'line')] : []), ...(files > 0 ? [plural(files, 'crontab')] : [])].join(
    ' and ',
  );
  const way =
    lines > 0 ? 'Edit them by hand, use set_env, or say `refused: leave`' : 'Make it writable, or say `refused: leave`';
  return cannot(
    `${what} cannot be changed`,
    `${what} cannot be changed${lines > 0 ? ' for certain' : ''}: ${refusals.join('; ')}. ${way}`,
    {
      blocks: [refusalBlock(refusals), ...changes.map(diffOf)],
    },
  );
}

function nothingLeft(refusals: readonly string[], asides: readonly string[]): Observation {
  if (refusals.length === 0) return nothingToDo('every chosen job is already so', { warnings: asides });
  return nothingToDo(`${refusals.length} cannot be changed, every other chosen job is already so`, {
    blocks: [refusalBlock(refusals)],
    warnings: [...refusals, ...asides],
  });
}

function refusalBlock(refusals: readonly string[]): Block {
  return { kind: 'text', lines: ['refused:', ...refusals] };
}

function diffOf({ target, before, edit }: Looked): Block {
  return { kind: 'diff', path: target.path, before: shownText(before), after: shownText(edit.text) };
}

function observationOf(
  order: Order,
  changes: readonly Looked[],
  refusals: readonly string[],
  asides: readonly string[],
): Observation {
  const targets = changes.map((change) => change.target);
  const jobs = changes.reduce((sum, change) => sum + change.chosen.size, 0);
  return change(`${sayChange(order.change)} for ${plural(jobs, 'job')} in ${plural(changes.length, 'crontab')}`, {
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
    warnings: [...refusals.map((refusal) => `left as it is, it goes on mailing: ${refusal}`), ...asides],
  });
}

function sayChange(change: CrontabChange): string {
  return change.kind === 'redirect' ? 'redirect the output to /dev/null' : `set ${change.name}="${change.value}"`;
}

/**
 * After the act it is guarded by what was written: both are kept, because `crontab` renews its header and no hash can
 * be foretold.
 */
function bytesToKeep({ target, bytes, edit }: Looked): readonly (readonly [string, string])[] {
  return [
    [keptAs(BEFORE, target.path), bytes],
    [keptAs(AFTER, target.path), base64Of(edit.text)],
  ];
}

/**
 * With sed, by the line numbers that the person sees: `crontab -l` hides Debian's header, and where there is none,
 * comments in the place of it.
 */
function explainEdit({ target, before, edit }: Looked, installWith: string): string {
  const through = target.kind === 'user' && target.how !== 'in-place';
  const hidden = through && withoutHeader(before) !== before ? 3 : 0;
  const script = edit.edits.map((each) => `-e ${quoteWord(sedLine(each, hidden))}`).join(' ');
  if (!through) return `sed -i ${script} ${quoteWord(target.path)}`;
  const argv = [installWith, '-u', target.owner];
  const whole = hidden === 0 && before.startsWith('#') ? 'CRONTAB_NOHEADER=N ' : '';
  return `${whole}${commandLine([...argv, '-l'])} | sed ${script} | ${commandLine([...argv, '-'])}`;
}

function sedLine(edit: CrontabLineEdit, hidden: number): string {
  return `${edit.line - hidden}${edit.how === 'insert' ? 'i' : 'c'}\\${shownText(edit.text).replaceAll('\\', '\\\\')}`;
}
