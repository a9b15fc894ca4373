import { MANUAL } from '../../model/arguments.ts';
import type { Infer } from '../../model/runbook/shape.ts';
import { acted, change, defineAction, notActed, type Observation } from '../../model/verb.ts';

export default defineAction({
  summary: 'let a person do something, and wait for the word that it is done',
  about:
    'Shows `do`, then asks `confirm`; the person answers. Nothing is changed by the tool itself: the run asks, and this action only holds the text. An ' +
    'unattended run stops here with exit code 3. What a person did is not undone: write an `undo` note beside it.',
  schema: MANUAL,
  example: { do: 'Call the owner of the database and let them fail over.', confirm: 'Is the standby the primary now?' },
  needs: [],
  idempotent: true,
  forGood: true,
  observe: async (_look, arg) => forPerson(arg),
  apply: async (_act, arg) => acted(`done by a person: ${arg.do}`),
  revert: async () => notActed('undo what a person did', 'what a person did, a person must undo'),
});

function forPerson(texts: Infer<typeof MANUAL>): Observation {
  return change(`a person: ${texts.do}`, {
    targets: { kind: 'person', count: 1, members: [texts.do], detail: texts },
    blocks: [{ kind: 'text', lines: [texts.do, texts.confirm] }],
    undo: {
      kind: 'irreversible',
      because: 'only a person knows what was done',
      evidence: 'the confirmation, with who gave it and when',
    },
    explain: [texts.do],
    estimate: null,
  });
}
