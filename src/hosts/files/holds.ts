import { type AsideWhy, type Holds, LONGEST_HEAD } from '../../model/host/holds.ts';
import { type Field, headOf } from '../../model/host/mail-head.ts';
import { latin1OfText } from '../../model/text/bytes.ts';
import { type Pattern, patternOf } from '../../model/text/pattern.ts';

/** What is known of a file whose beginning was read. */
export interface HeadRead {
  /** Its first bytes, as latin1. */
  readonly bytes: string;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
}

/** `more`: these bytes are not enough to decide. */
export type HeadVerdict = 'holds' | 'more' | AsideWhy;
export type HeadJudge = (read: HeadRead) => HeadVerdict;

/** Users by name, as latin1 bytes, with their ids. */
type UidsOf = (user: string) => readonly number[];

type Groups = Readonly<Record<string, string>>;

/**
 * Judges what a file holds, for this machine and for far hosts. `note` gets the texts of the named groups for each file
 * that fits.
 */
export function headJudge(holds: Holds, uidsOf: UidsOf, note: (groups: Groups) => void = () => {}): HeadJudge {
  const judge = judgeAnew(holds, uidsOf);
  const known = new Map<string, Judgement>();
  return (read) => {
    const key = holds.format === 'postfix' && holds.text === undefined ? keyOf(read) : null;
    const judgement = (key === null ? undefined : known.get(key)) ?? judge(read);
    if (key !== null) {
      if (known.size === MOST_KNOWN) known.clear();
      known.set(key, judgement);
    }
    if (judgement.verdict === 'holds') note(judgement.groups);
    return judgement.verdict;
  };
}

/** A storm is a few jobs' mail, again and again: a message that is one of the newest, but for its time, is as that. */
const MOST_KNOWN = 256;
/** A longer one would be kept at its sender's will. */
const LONGEST_KNOWN = 2000;

/** All that a judgement goes by, without the first record of Postfix's, the time; null: that is too much. */
function keyOf({ bytes, size, mode, uid }: HeadRead): string | null {
  const length = bytes.charCodeAt(1);
  if (bytes.length !== size || size > LONGEST_KNOWN || !bytes.startsWith('T') || !(length < 0x80)) return null;
  return `${uid} ${mode & 0o100} ${bytes.slice(2 + length)}`;
}

interface Judgement {
  readonly verdict: HeadVerdict;
  readonly groups: Groups;
}

function judgeAnew(holds: Holds, uidsOf: UidsOf): (read: HeadRead) => Judgement {
  const text = holds.text === undefined ? null : compile(holds.text);
  const header = (holds.header ?? []).map(compileFields);
  return (read) => {
    const groups: Record<string, string> = {};
    const judged = { holds, read, uidsOf, note: (caught: Groups) => void Object.assign(groups, caught) };
    const verdict = text ? textVerdict(text, read) : headerVerdict(header, judged);
    if (verdict === 'more') return { verdict: isAll(read) ? 'no-header' : 'more', groups };
    if (verdict === 'holds' && isUnfinished(holds, read))
      return { verdict: isAll(read) ? 'unfinished' : 'more', groups };
    return { verdict, groups };
  };
}

/** The one place where a pattern of `holds` is made ready. Authors write text, files are bytes. */
function compile(pattern: string): Pattern {
  return patternOf(latin1OfText(pattern));
}

const compileFields = (fields: Readonly<Record<string, string>>): Wanted =>
  Object.entries(fields).map(([name, pattern]) => [name, remembered(compile(pattern).groups)] as const);

type GroupsIn = Pattern['groups'];

/** A storm is a few jobs' mail, again and again: what a pattern made of the newest few hundred texts is kept. */
function remembered(groupsIn: GroupsIn): GroupsIn {
  const known = new Map<string, ReturnType<GroupsIn>>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const found = groupsIn(text);
    if (known.size === 256) known.clear();
    // Long texts are not kept: the sender of a mail could fill the memory with them.
    if (text.length <= 1000) known.set(text, found);
    return found;
  };
}

/** Whether this is everything that is ever read of the file. */
const isAll = ({ bytes, size }: HeadRead): boolean => bytes.length >= Math.min(size, LONGEST_HEAD);

function textVerdict(wanted: Pattern, read: HeadRead): HeadVerdict {
  if (wanted.test(read.bytes)) return 'holds';
  return isAll(read) ? 'other' : 'more';
}

type Wanted = readonly (readonly [name: string, groupsIn: GroupsIn])[];

interface Judged {
  readonly holds: Holds;
  readonly read: HeadRead;
  readonly uidsOf: UidsOf;
  readonly note: (groups: Groups) => void;
}

function headerVerdict(wanted: readonly Wanted[], { holds, read, uidsOf, note }: Judged): HeadVerdict {
  const head = headOf(read.bytes, holds.format);
  if (head.kind === 'more') return 'more';
  if (head.kind === 'none') return 'no-header';
  if (head.fields.some(([name]) => holds.without.includes(name))) return 'other';
  const owns = (user: string) => isOwner(user, read.uid, uidsOf);
  const verdicts = wanted.map((fields) => fieldsVerdict(fields, head.fields, owns, note));
  return verdicts.find((one) => one === 'holds') ?? verdicts.find((one) => one === 'owner') ?? 'other';
}

function fieldsVerdict(
  wanted: Wanted,
  fields: readonly Field[],
  owns: (user: string) => boolean,
  note: (groups: Groups) => void,
): 'holds' | 'owner' | 'other' {
  const groups: Record<string, string> = {};
  let owned = true;
  for (const [name, groupsIn] of wanted) {
    let found = false;
    for (const [field, value] of fields) {
      if (field !== name) continue;
      const match = groupsIn(value);
      if (match === null) return 'other';
      found = true;
      for (const group in match) if (match[group] !== null) groups[group] = match[group] ?? '';
      const { owner } = match;
      if (typeof owner === 'string' && !owns(owner)) owned = false;
    }
    if (!found) return 'other';
  }
  if (owned) note(groups);
  return owned ? 'holds' : 'owner';
}

function isOwner(user: string, uid: number, uidsOf: UidsOf): boolean {
  return /^\d+$/.test(user) ? Number(user) === uid : uidsOf(user).includes(uid);
}

/**
 * Postfix gives a queue file its x bit when it is whole (mail_stream_finish); before, somebody may still be writing it.
 * One that ends in the end record is whole as well.
 */
function isUnfinished({ format }: Holds, { bytes, size, mode }: HeadRead): boolean {
  if (format !== 'postfix' || (mode & 0o100) !== 0) return false;
  return !(bytes.length >= size && bytes.endsWith('E\0'));
}
