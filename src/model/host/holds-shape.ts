import {
  byDefault,
  exactlyOne,
  type Infer,
  mapOf,
  object,
  oneOrMore,
  onlyWith,
  pattern,
  text,
  word,
} from '../runbook/shape.ts';
import type { Holds } from './holds.ts';
import { HEAD_FORMATS } from './mail-head.ts';

const FIELD_NAME = '^[!-9;-~]+$';

const HEADER = mapOf(
  'Fields of the header, each with a regular expression over its unfolded value. All that are named must be there; of a field that is there several times each must match. ' +
    'What a group `(?<owner>…)` catches must be the name or the id of the owner of the file.',
  pattern('A regular expression that must match somewhere in the value; `^` and `$` are its ends.'),
  { minProperties: 1, propertyNames: { pattern: FIELD_NAME } },
);

export const HOLDS = onlyWith(
  exactlyOne(
    object(
      'What the file itself must hold. It is read when it is looked at, and again, through one descriptor, at the moment of use.',
      {
        format: byDefault(
          'plain',
          word(
            'How the header lies in the file: `plain`, from its beginning; `postfix`, the records of a queue file.',
            ...HEAD_FORMATS,
          ),
        ),
        header: oneOrMore(HEADER, 'The fields of the header; several: any of them.'),
        without: oneOrMore(
          text('The name of a field.'),
          'Fields that the header must not have: `received` where the message must not have come from elsewhere.',
        ),
        text: pattern('A regular expression that is sought in the first 64 KiB.'),
      },
    ),
    'header',
    'text',
  ),
  { without: ['header'] },
);

/** The names of fields have no case. */
export function holdsOf({ format, header, without = [], text: sought }: Infer<typeof HOLDS>): Holds {
  const lowered = (one: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(one).map(([name, wanted]) => [name.toLowerCase(), wanted]));
  return {
    format,
    ...(header && { header: header.map(lowered) }),
    without: without.map((name) => name.toLowerCase()),
    ...(sought !== undefined && { text: sought }),
  };
}
