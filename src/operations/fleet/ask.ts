import type { FleetAsk } from '../../model/fleet/ports.ts';
import type { Ask } from '../../model/ports.ts';

/** Hosts work at the same time, but a person gets one question after the other. */
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
 * After the approval of the plan a host asks only what the approval does not cover: work by hand, and an undo. An
 * interrupt is meant for the fleet: the host stops and can be resumed.
 */
export function askInside(ask: FleetAsk, { host, steps }: Approved): Ask {
  return {
    approve: async ({ step }) =>
      steps.has(step.id)
        ? { choice: 'run', reason: 'approved with the plan of the fleet' }
        : { choice: 'quit', reason: 'it was not in the plan that was approved' },
    undo: (question) => ask.undo({ hosts: [host], ...question }),
    confirm: ({ step, text }) => ask.confirm({ host, step, text }),
    // A host of a fleet never goes on without a planned step. The person decides about the undo.
    failed: async ({ why, undoable }) =>
      (await ask.undo({ hosts: [host], why, steps: undoable, dangerous: null })) === 'undo' ? 'undo' : 'quit',
    interrupted: async () => 'quit',
  };
}

/**
 * For an undo that is already decided: that of a canary, or a rollback. An undo that may bring the incident back is
 * asked for all the same.
 */
export function askToUndo(ask: FleetAsk, host: string, approved: { readonly dangerous: boolean }): Ask {
  return {
    ...askInside(ask, { host, steps: new Set() }),
    undo: async (question) =>
      question.dangerous === null || approved.dangerous ? 'undo' : ask.undo({ hosts: [host], ...question }),
  };
}
