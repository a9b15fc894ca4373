import { apart, type Document, type Item, sentence, withCommand } from '../../model/document.ts';

interface CheckTold {
  readonly name: string;
  readonly state: 'well' | 'limited' | 'stuck';
  readonly seen: string;
  readonly instead: string | null;
}

const MARKS = { well: ['✔', 'green'], limited: ['!', 'yellow'], stuck: ['✖', 'red'] } as const;

/** One row a check; below it, where something is not as it should be, what is done instead. */
export function tellDoctor(checks: readonly CheckTold[]): Document {
  const items = checks.map(({ name, state, seen, instead }): Item => {
    const [mark, markTone] = MARKS[state];
    const notes = instead === null ? [] : [{ label: '→ ', text: withCommand(instead), tone: 'dim' } as const];
    return { mark, markTone, name, text: seen, notes };
  });
  const verdict = checks.some(({ state }) => state === 'stuck')
    ? sentence('A run could not act now.', 'bad')
    : sentence('A run could act now.', 'good');
  return [...apart({ kind: 'items', items, flush: true }), ...apart(verdict)];
}
