import { type Journal, JournalError } from '../model/ports.ts';
import { sha256 } from './line.ts';

/** The journal of a dry run: it writes nothing, and keeps bytes only in memory. */
export function nullJournal(run = 'plan'): Journal {
  const kept = new Map<string, string>();
  return {
    run,
    folder: '',
    async append() {},
    async keep(bytes) {
      const name = sha256(Buffer.from(bytes, 'base64'));
      kept.set(name, bytes);
      return name;
    },
    async recall(name) {
      const bytes = kept.get(name);
      if (bytes === undefined) throw new JournalError(`no such record: ${name}`);
      return bytes;
    },
    async close() {},
  };
}
