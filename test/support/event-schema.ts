import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { RunEvent } from '../../src/model/event.ts';
import { isObject, type Json } from '../../src/model/json.ts';
import { eventSchema } from '../../src/model/run/event-schema.ts';

const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true });
const validate = ajv.compile(eventSchema());
/** By type, since the errors of all types at once say nothing. */
const byType = (type: string) =>
  ajv.getSchema(`${validate.schema && isObject(validate.schema) ? validate.schema.$id : ''}#/$defs/${type}`);

/** Every event of every test is one that the published schema knows. The event as a reader gets it: through JSON. */
export function assertEvent(event: unknown): void {
  const read: Json = JSON.parse(JSON.stringify(event));
  const accepted: boolean = validate(read);
  if (accepted) return;
  const type = isObject(read) && typeof read.type === 'string' ? read.type : '';
  const own = byType(type);
  own?.(read);
  const errors = own?.errors?.map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
  assert.fail(
    `not an event of the published schema: ${JSON.stringify(read).slice(0, 300)}\n${errors?.join('\n') ?? `there is no type ${type}`}`,
  );
}

/** What `--output ndjson` printed; resolves to the events. */
export function assertNdjson(text: string): readonly RunEvent[] {
  if (text === '') return [];
  const lines = text.split('\n');
  assert.equal(lines.pop(), '', 'the last line has its newline');
  return lines.map((line) => {
    const event = JSON.parse(line) as RunEvent;
    assertEvent(event);
    return event;
  });
}

export const isValidEvent = (event: unknown): boolean => validate(event);
