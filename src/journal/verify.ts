import * as fs from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../model/event.ts';
import { messageOf } from './disk.ts';
import { recallRecord } from './records.ts';

/** Every record that the events name, checked against its name. Gives how many there are, and what is wrong. */
export function verifyRecords(
  folder: string,
  events: readonly RunEvent[],
): { readonly count: number; readonly problems: readonly string[] } {
  const names = new Set(
    events.flatMap((event) => (event.type === 'action.intended' ? Object.values(event.records) : [])),
  );
  const problems = [...names].flatMap((name) => wrongWith(folder, name));
  return { count: names.size, problems };
}

/** Records that no event names: their intent was never written, or is lost. */
export function orphansIn(folder: string, events: readonly RunEvent[]): readonly string[] {
  const named = new Set(
    events.flatMap((event) => (event.type === 'action.intended' ? Object.values(event.records) : [])),
  );
  try {
    return fs.readdirSync(join(folder, 'records')).filter((name) => /^[0-9a-f]{64}$/.test(name) && !named.has(name));
  } catch {
    return [];
  }
}

function wrongWith(folder: string, name: string): readonly string[] {
  if (/^[0-9a-f]{64}$/.test(name) && !fs.existsSync(join(folder, 'records', name)))
    return [`the record ${name} is missing`];
  try {
    recallRecord(folder, name);
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}
