import { exitCode, type OutcomeName } from '../model/outcome.ts';
import { escaped } from '../views/draw/escape.ts';

/** How a command has ended: said, and turned into an exit code, by `settle` alone. */
export interface CommandResult {
  readonly outcome: OutcomeName;
  /** Drawn by a view, and printed on stderr as it is. */
  readonly drawn?: string;
  /** Why, a line each: a line may hold what a host, a file or another process has said. */
  readonly says?: readonly string[];
  /** For a drill: the exit code of the run inside of it, which has already told the reason. */
  readonly exit?: number;
}

export const DONE: CommandResult = { outcome: 'held' };

export function refuse(says: string | readonly string[], outcome: OutcomeName): CommandResult {
  return { outcome, says: [says].flat() };
}

/** Distinguishes a result that ends the command from a value to go on with. */
export function hasEnded<T>(given: T | CommandResult): given is CommandResult {
  return typeof given === 'object' && given !== null && 'outcome' in given;
}

/** Whatever is in a line, it stays one line. */
export function told(says: readonly string[]): string {
  return says.map((line, at) => `${at === 0 ? 'firebreak: ' : ''}${escaped(line)}\n`).join('');
}

export function settle({ outcome, drawn = '', says = [], exit }: CommandResult, write: (text: string) => void): number {
  if (drawn !== '' || says.length > 0) write(drawn + told(says));
  return exit ?? exitCode(outcome);
}
