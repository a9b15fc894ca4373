import type { RunState } from '../../model/state.ts';
import { plural, showCount } from '../../model/text/quantity.ts';
import type { Targets } from '../../model/verb.ts';

/** What was changed, in numbers. */
export interface Changes {
  readonly killed: number;
  readonly deleted: number;
  readonly edited: number;
}

export const changesOf = ({ used }: RunState): Changes => ({
  killed: used.kill,
  deleted: used.delete,
  edited: used.edit,
});

/** `killed 42 processes`, `deleted 3 977 files`: what there was none of is left out. */
export const changesNamed = ({ killed, deleted, edited }: Changes): readonly string[] => [
  ...(killed > 0 ? [`killed ${plural(killed, 'process', 'processes')}`] : []),
  ...(deleted > 0 ? [`deleted ${plural(deleted, 'file')}`] : []),
  ...(edited > 0 ? [`edited ${plural(edited, 'file')}`] : []),
];

/** `killed 42, deleted 3 977, edited 0` */
export const changesCounted = ({ killed, deleted, edited }: Changes): string =>
  `killed ${showCount(killed)}, deleted ${showCount(deleted)}, edited ${showCount(edited)}`;

export const changesSummed = (all: readonly Changes[]): Changes =>
  all.reduce(
    (sum, { killed, deleted, edited }) => ({
      killed: sum.killed + killed,
      deleted: sum.deleted + deleted,
      edited: sum.edited + edited,
    }),
    { killed: 0, deleted: 0, edited: 0 },
  );

/** One of what an action touches, and several. */
export const NOUNS: Readonly<Record<Targets['kind'], readonly [one: string, many: string]>> = {
  processes: ['process', 'processes'],
  files: ['file', 'files'],
  service: ['service', 'services'],
  file: ['file', 'files'],
  command: ['command', 'commands'],
  person: ['person', 'people'],
  none: ['target', 'targets'],
};
