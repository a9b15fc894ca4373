import type { Block } from '../block.ts';
import type { ProcessIdentity, ProcessRecord, ProcessSelector } from '../host.ts';
import {
  type Form,
  type Infer,
  object,
  oneOrMore,
  PROGRAM_NAME_BYTES,
  path,
  pattern,
  programName,
  quantity,
  text,
  word,
} from '../runbook/shape.ts';
import { utf8Length } from '../text/bytes.ts';
import { showCount, showDuration } from '../text/quantity.ts';

/** What the probe `processes` and the action `kill` both say of processes: one selector, one way to show them. */
export const PROCESS_SELECTOR = {
  name: oneOrMore(
    programName(
      "The kernel's name of the process (comm, at most 15 bytes): sendmail.",
      '`exe:` with the path of the program',
    ),
    'One name or several: the kernel’s name of the process (comm).',
  ),
  exe: oneOrMore(
    path('The program file: /usr/sbin/sendmail.'),
    'One program file or several; links are followed, a deleted file still counts.',
  ),
  args: object(
    'What the arguments must look like.',
    {
      matches: pattern('A regular expression that must match somewhere in the arguments, joined by one space.'),
    },
    ['matches'],
  ),
  user: oneOrMore(
    text('A user name or numeric id.'),
    'One user or several, by name or id: whose rights it has now (effective).',
  ),
  older_than: quantity('duration', 'Only those that were started at least so long ago.'),
  state: oneOrMore(
    word('A state letter of proc(5).', 'R', 'S', 'D', 'T', 't', 'Z', 'I'),
    'One state or several: R running, S sleeping, D uninterruptible, T stopped, Z zombie, I idle kernel thread. Zombies are left out unless asked for.',
  ),
  started_by: oneOrMore(
    programName('The name of a daemon, at most 15 bytes: cron.'),
    'One daemon or several: an ancestor’s program has that name, or the session or the cgroup is that daemon’s.',
  ),
} satisfies Readonly<Record<keyof ProcessSelector, Form>>;
export const PROCESSES = object('Which processes: all that is given must hold.', PROCESS_SELECTOR);

/** As the port takes it. */
export function selectorOf({ args, ...rest }: Infer<typeof PROCESSES>): ProcessSelector {
  return { ...rest, ...(args && { args: args.matches }) };
}

/**
 * The first name in a selector that no process can have: an author would believe the answer "none". Null: all names are
 * possible.
 */
export function impossibleName({ name = [], started_by = [] }: ProcessSelector): string | null {
  const wrong = [...name, ...started_by].find((each) => each.startsWith('/') || utf8Length(each) > PROGRAM_NAME_BYTES);
  if (wrong === undefined) return null;
  return wrong.startsWith('/')
    ? `${wrong} is a path: a program's name has no folder`
    : `no program is named ${wrong}: the kernel keeps ${PROGRAM_NAME_BYTES} bytes of a name`;
}

/** Pid and start time: the same process and not a later one with its number. */
export const identityKey = ({ pid, start }: ProcessIdentity): string => `${pid}@${start}`;

/** `21 sendmail, 21 postdrop`, the most frequent first. */
export function countByName(processes: readonly ProcessRecord[]): string {
  return [...Map.groupBy(processes, (each) => each.name)]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([name, of]) => `${showCount(of.length)} ${name}`)
    .join(', ');
}

/** Processes that were started by other users' daemons of the same name. */
export function strangersText(strangers: readonly ProcessRecord[]): string {
  const starters = [...new Set(strangers.map(({ startedBy }) => `${startedBy?.name}(${startedBy?.pid})`))];
  const more = starters.length > 3 ? ' and others' : '';
  return `${countByName(strangers)} of ${starters.slice(0, 3).join(', ')}${more}, which only has the name: it is neither root's nor a system service`;
}

/** The oldest first. */
export function processTable(title: string, processes: readonly ProcessRecord[]): Block {
  return {
    kind: 'table',
    title,
    columns: ['pid', 'age', 'user', 'state', 'command', 'started by'],
    rows: processes
      .toSorted((a, b) => a.start - b.start || a.pid - b.pid)
      .map((each) => [
        String(each.pid),
        showDuration(each.age),
        each.user,
        each.state,
        shownCommand(each),
        starterText(each),
      ]),
  };
}

const MOST_COMMAND = 300;

/** Arguments joined by a space; a process without any is shown as ps shows it, `[name]`. */
export function shownCommand(process: ProcessRecord): string {
  const joined = process.args.length > 0 ? process.args.join(' ') : `[${process.name}]`;
  return joined.length > MOST_COMMAND ? `${joined.slice(0, MOST_COMMAND)}…` : joined;
}

/** `cron(2011) by ancestor`; else the parent, where it is known. */
export function starterText({ startedBy, ancestry }: ProcessRecord): string {
  if (startedBy) return `${startedBy.name}${startedBy.pid > 0 ? `(${startedBy.pid})` : ''} by ${startedBy.by}`;
  const parent = ancestry[0];
  return parent ? `${parent.name}(${parent.pid})` : '';
}
