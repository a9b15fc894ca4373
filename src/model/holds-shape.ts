import type { Holds } from './holds.ts';
import { isObject, type Json, listOf } from './json.ts';
import { HEAD_FORMATS } from './mail-head.ts';
import { exactlyOne, object, oneOrMore, pattern, text, word } from './shape.ts';
import type { Schema } from './verb.ts';

const FIELD_NAME = '^[!-9;-~]+$';

const HEADER: Schema = {
  type: 'object',
  description:
    'Fields of the header, each with a regular expression over its unfolded value. All that are named must be there; of a field that is there several times each must match. ' +
    'What a group `(?<owner>…)` catches must be the name or the id of the owner of the file.',
  minProperties: 1,
  propertyNames: { pattern: FIELD_NAME },
  additionalProperties: pattern(
    'A regular expression that must match somewhere in the value; `^` and `$` are its ends.',
  ),
};

export const HOLDS: Schema = exactlyOne(
  object(
    'What the file itself must hold. It is read when it is looked at, and again, through one descriptor, at the moment of use.',
    {
      format: word(
        'How the header lies in the file: `plain`, from its beginning; `postfix`, the records of a queue file.',
        ...HEAD_FORMATS,
      ),
      header: { description: 'The fields of the header; several: any of them.', 'x-one-or-more': HEADER },
      without: oneOrMore(
        text('The name of a field.'),
        'Fields that the header must not have: `received` where the message must not have come from elsewhere.',
      ),
      text: pattern('A regular expression that is sought in the first 64 KiB.'),
    },
  ),
  'header',
  'text',
);

export function holdsOf(value: Json | undefined): Holds | undefined {
  if (!isObject(value)) return undefined;
  const header = listOf(value.header).flatMap((one) => (isObject(one) ? [fieldsOf(one)] : []));
  return {
    format: HEAD_FORMATS.find((format) => format === value.format) ?? 'plain',
    ...(header.length > 0 && { header }),
    without: listOf(value.without).map((name) => String(name).toLowerCase()),
    ...(typeof value.text === 'string' && { text: value.text }),
  };
}

function fieldsOf(given: Readonly<Record<string, Json | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(given).map(([name, wanted]) => [name.toLowerCase(), String(wanted)]));
}
