import { latin1OfText } from './bytes.ts';
import { isObject, type Json } from './json.ts';
import { patternOf } from './pattern.ts';

/** One change to the lines of a text, as the action `edit` takes it. */
export type LineEdit =
  | { readonly kind: 'set'; readonly matching: string; readonly to: string }
  | { readonly kind: 'add'; readonly line: string; readonly place: Place }
  | { readonly kind: 'remove'; readonly matching: string }
  | { readonly kind: 'replace'; readonly pattern: string; readonly with: string };

type Place = { readonly at: 'start' | 'end' } | { readonly after: string } | { readonly before: string };

export type LineEdited = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };

/** The change in an argument that the schema has checked; a text says what is wrong with it. */
export function lineEditOf(arg: Json): LineEdit | string {
  const { set_line: set, add_line: add, remove_lines: remove, replace } = isObject(arg) ? arg : {};
  if (isObject(set)) return { kind: 'set', matching: String(set.matching), to: String(set.to) };
  if (isObject(remove)) return { kind: 'remove', matching: String(remove.matching) };
  if (isObject(replace)) return { kind: 'replace', pattern: String(replace.pattern), with: String(replace.with) };
  if (!isObject(add)) return 'no change is given';
  const places = ['after', 'before', 'at'].filter((key) => add[key] !== undefined);
  if (places.length > 1) return `add_line takes one place, not ${places.join(' and ')}`;
  return { kind: 'add', line: String(add.line), place: placeOf(add) };
}

function placeOf(add: { readonly [key: string]: Json | undefined }): Place {
  if (typeof add.after === 'string') return { after: add.after };
  if (typeof add.before === 'string') return { before: add.before };
  return { at: add.at === 'start' ? 'start' : 'end' };
}

/**
 * Done twice it gives the same as done once, or it is refused. `text` is latin1, one character a byte, and what is not
 * changed comes out as it went in: also a missing newline at the end, carriage returns and bytes that are no UTF-8.
 * Patterns speak of bytes too, so that `é` in one is written as it is in the file.
 */
export function lineEdit(text: string, edit: LineEdit): LineEdited {
  const after = editOnce(text, edit);
  if (!after.ok || after.text === text) return after;
  const again = editOnce(after.text, edit);
  if (again.ok && again.text === after.text) return after;
  return {
    ok: false,
    reason:
      'done twice, this change would change the file twice: the result still matches. Write a pattern that the result does not match',
  };
}

function editOnce(text: string, edit: LineEdit): LineEdited {
  const before = split(text);
  const { lines } = before;
  switch (edit.kind) {
    case 'set':
      return join(before, setLine(lines, edit));
    case 'add':
      return addLine(before, edit);
    case 'remove': {
      const gone = patternOf(latin1OfText(edit.matching));
      return join(
        before,
        lines.filter((line) => !gone.test(line)),
      );
    }
    case 'replace': {
      const sought = patternOf(latin1OfText(edit.pattern));
      return join(
        before,
        lines.map((line) => sought.replaceAll(line, latin1OfText(edit.with))),
      );
    }
  }
}

function setLine(
  lines: readonly string[],
  { matching, to }: { readonly matching: string; readonly to: string },
): readonly string[] {
  const sought = patternOf(latin1OfText(matching));
  const line = latin1OfText(to);
  return lines.some((one) => sought.test(one))
    ? lines.map((one) => (sought.test(one) ? line : one))
    : addOnce(lines, line, lines.length);
}

function addLine(before: Lines, { line, place }: { readonly line: string; readonly place: Place }): LineEdited {
  const at = indexOf(before.lines, place);
  if (at === null)
    return {
      ok: false,
      reason: `no line matches ${JSON.stringify('after' in place ? place.after : 'before' in place ? place.before : '')}`,
    };
  return join(before, addOnce(before.lines, latin1OfText(line), at));
}

function addOnce(lines: readonly string[], line: string, at: number): readonly string[] {
  return lines.includes(line) ? lines : lines.toSpliced(at, 0, line);
}

function indexOf(lines: readonly string[], place: Place): number | null {
  if ('at' in place) return place.at === 'start' ? 0 : lines.length;
  const pattern = patternOf(latin1OfText('after' in place ? place.after : place.before));
  const found =
    'after' in place
      ? lines.findLastIndex((line) => pattern.test(line))
      : lines.findIndex((line) => pattern.test(line));
  if (found < 0) return null;
  return 'after' in place ? found + 1 : found;
}

interface Lines {
  readonly lines: readonly string[];
  /** The last one has its newline. */
  readonly ended: boolean;
}

function split(text: string): Lines {
  if (text === '') return { lines: [], ended: true };
  const ended = text.endsWith('\n');
  return { lines: (ended ? text.slice(0, -1) : text).split('\n'), ended };
}

/** A last line of ours is always ended: cron and others leave out one that is not. */
function join(before: Lines, lines: readonly string[]): LineEdited {
  const ended = before.ended || lines.at(-1) !== before.lines.at(-1);
  return { ok: true, text: lines.length === 0 ? '' : lines.join('\n') + (ended ? '\n' : '') };
}
