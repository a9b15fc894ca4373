import { FILE_SELECTOR } from './host/files.ts';
import { byDefault, exactlyOne, integer, object, quantity, service, stepReference, text } from './runbook/shape.ts';

/**
 * The arguments of those verbs that the loader, the plan or the run also read. Every other verb declares its argument
 * in its own file.
 */
export const SERVICE = service('The service.');

export const STOP = object(
  'A service to stop.',
  {
    service: SERVICE,
    restore_within: quantity(
      'duration',
      'It is started again by then, whatever happens to the run. Counts against limits.stopped_for.',
    ),
  },
  ['service'],
);

export const DELETE = exactlyOne(
  object('Which files, and in what batches.', {
    targets: stepReference(
      'The step that found them; the directory is looked at again, and must still be the same one.',
      'files',
    ),
    files: object('Which files, where no step has looked for them: all that is given must hold.', FILE_SELECTOR, [
      'in',
    ]),
    at_most: integer('At most so many; the rest is for a later step. Without it: all of them.', 1),
    batch: byDefault(
      1000,
      integer('Files between two looks at the clock, the limit and the interrupt; 1000 without it.', 1),
    ),
  }),
  'targets',
  'files',
);

export const MANUAL = object(
  'Work for a person.',
  {
    do: text('What the person is to do, in full sentences.'),
    confirm: text('The question that is answered once it is done: "Is the mail queue empty?"'),
  },
  ['do', 'confirm'],
);
