import { exactlyOne, type Infer, object, oneAtMost, path, pattern, text, word } from '../../model/runbook/shape.ts';
import { latin1OfText } from '../../model/text/bytes.ts';
import { patternOf } from '../../model/text/pattern.ts';

/** One change to the lines of a text, as the action `edit` takes it. */
export type LineEdit =
  | { readonly kind: 'set'; readonly matching: string; readonly to: string }
  | { readonly kind: 'add'; readonly line: string; readonly place: Place }
  | { readonly kind: 'remove'; readonly matching: string }
  | { readonly kind: 'replace'; readonly pattern: string; readonly with: string };

type Place = { readonly at: 'start' | 'end' } | { readonly after: string } | { readonly before: string };

export type LineEdited = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };

const LINE = { pattern: '^[^\\n\\r\\x00]*$' };
const ADD_LINE = oneAtMost(
  object(
    'Add a line, unless the file has it already; at the end where no place is given.',
    {
      line: text('The line.', LINE),
      after: pattern('Behind the last line that matches; refused where none does.'),
      before: pattern('Before the first line that matches; refused where none does.'),
      at: word('At the start or at the end of the file.', 'start', 'end'),
    },
    ['line'],
  ),
  'after',
  'before',
  'at',
);

export const EDIT = exactlyOne(
  object(
    'Which file, and exactly one change.',
    {
      file: path('The file; it must exist.'),
      set_line: object(
        'Make every line that matches read so; where none matches, the line is added at the end.',
        {
          matching: pattern('A regular expression, sought in each line.'),
          to: text('The whole line as it shall be.', LINE),
        },
        ['matching', 'to'],
      ),
      add_line: ADD_LINE,
      remove_lines: object(
        'Take out every line that matches.',
        { matching: pattern('A regular expression, sought in each line.') },
        ['matching'],
      ),
      replace: object(
        'Replace what matches, in each line, as often as it is found.',
        {
          pattern: pattern('A regular expression, sought in each line.'),
          with: text('What stands there instead; $1 is the first group, $$ a dollar.', LINE),
        },
        ['pattern', 'with'],
      ),
    },
    ['file'],
  ),
  'set_line',
  'add_line',
  'remove_lines',
  'replace',
);

/** A text says what is wrong with the change. */
export function lineEditOf({ set_line, add_line, remove_lines, replace }: Infer<typeof EDIT>): LineEdit | string {
  if (set_line) return { kind: 'set', ...set_line };
  if (remove_lines) return { kind: 'remove', ...remove_lines };
  if (replace) return { kind: 'replace', ...replace };
  if (!add_line) return 'no change is given';
  const { line, ...places } = add_line;
  const given = Object.keys(places);
  if (given.length > 1) return `add_line takes one place, not ${given.join(' and ')}`;
  return { kind: 'add', line, place: placeOf(places) };
}

function placeOf({ after, before, at = 'end' }: Omit<Infer<typeof ADD_LINE>, 'line'>): Place {
  if (after !== undefined) return { after };
  return before === undefined ? { at } : { before };
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

/** A last line that we write always ends with a newline: cron and others ignore a line without one. */
function join(before: Lines, lines: readonly string[]): LineEdited {
  const ended = before.ended || lines.at(-1) !== before.lines.at(-1);
  return { ok: true, text: lines.length === 0 ? '' : lines.join('\n') + (ended ? '\n' : '') };
}
