import * as fs from 'node:fs';
import { join } from 'node:path';
import { JournalError } from '../model/ports.ts';
import { writeOverBlank } from './blanks.ts';
import { type Disk, messageOf, writeDurably } from './disk.ts';
import { sha256 } from './line.ts';

const NAME = /^[0-9a-f]{64}$/;

/**
 * Named by the SHA-256 of what they hold. A failure here does not end the journal: the step that needs the record is
 * not done, and that can be written.
 */
export function keepRecord(folder: string, base64: string, disk: Disk): string {
  const bytes = Buffer.from(base64, 'base64');
  const name = sha256(bytes);
  const records = join(folder, 'records');
  if (isWhole(join(records, name), name)) return name;
  try {
    if (!writeOverBlank(records, name, bytes, disk)) writeDurably(records, name, bytes, disk);
    return name;
  } catch (error) {
    throw new JournalError(`what undo needs cannot be kept in ${records}: ${messageOf(error)}`);
  }
}

export function recallRecord(folder: string, name: string): string {
  if (!NAME.test(name)) throw new JournalError(`not the name of a record: ${name}`);
  const bytes = readRecord(join(folder, 'records', name));
  if (sha256(bytes) !== name) throw new JournalError(`the record ${name} of ${folder} is damaged`);
  return bytes.toString('base64');
}

function readRecord(path: string): Buffer {
  try {
    return fs.readFileSync(path);
  } catch (error) {
    throw new JournalError(`a record cannot be read: ${messageOf(error)}`);
  }
}

function isWhole(path: string, name: string): boolean {
  try {
    return sha256(fs.readFileSync(path)) === name;
  } catch {
    return false;
  }
}
