import type { FleetAsk } from '../../model/fleet/ports.ts';
import type { Ask } from '../../model/ports.ts';

/** Hosts work side by side; a person answers one question after the other. */
export function oneAtATime(ask: FleetAsk): FleetAsk {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Q, A>(put: (question: Q) => Promise<A>): ((question: Q) => Promise<A>) => {
    return (question) => {
      const mine = last.then(() => put(question));
      last = mine.catch(() => {});
      return mine;
    };
  };
  return {
    approve: inTurn((plan) => ask.approve(plan)),
    next: inTurn((batch) => ask.next(batch)),
    undo: inTurn((undo) => ask.undo(undo)),
    confirm: inTurn((manual) => ask.confirm(manual)),
  };
}

interface Approved {
  readonly host: string;
  /** The steps of the plan that was approved. */
  readonly steps: ReadonlySet<string>;
}

/**
 * Inside a host whose plan was approved nothing is asked again, but for what no approval covers: what a person must do
 * by hand, and an undo. An interrupt has been meant for the fleet: the host stops where it is, and can be resumed.
 */
export function askInside(ask: FleetAsk, { host, steps }: Approved): Ask {
  return {
    approve: async ({ step }) =>
      steps.has(step.id)
        ? { choice: 'run', reason: 'approved with the plan of the fleet' }
        : { choice: 'quit', reason: 'it was not in the plan that was approved' },
    undo: (question) => ask.undo({ hosts: [host], ...question }),
    confirm: ({ step, text }) => ask.confirm({ host, step, text }),
    // A host of a fleet is never left to go on without a step that the plan had: its person decides of the undo.
    failed: async ({ why, undoable }) =>
      (await ask.undo({ hosts: [host], why, steps: undoable, dangerous: null })) === 'undo' ? 'undo' : 'quit',
    interrupted: async () => 'quit',
  };
}

/**
 * For an undo that was decided on already: the canary's, or a rollback that was asked for. What would bring the
 * incident back is asked all the same.
 */
export function askToUndo(ask: FleetAsk, host: string, approved: { readonly dangerous: boolean }): Ask {
  return {
    ...askInside(ask, { host, steps: new Set() }),
    undo: async (question) =>
      question.dangerous === null || approved.dangerous ? 'undo' : ask.undo({ hosts: [host], ...question }),
  };
}
