import { capturedText, type ProgramResult } from '../host.ts';

/** fork(2), clone(2) and Node's spawn: no process slot, no memory; there may be some in a moment. */
export const starved = ({ code }: { readonly code: string }): boolean => code === 'EAGAIN' || code === 'ENOMEM';

/** "Cannot fork", at the end of its line: dash says no more. */
const WORD =
  /(?:cannot|can ?not|can't|could not|couldn't|unable to|failed to) v?fork(?:\(\d?\))?(?: (?:new |another )?(?:process|child|user shell|off))?(?:\)|[.!]|,? ?[-:] try again)?[ \t\r]*$/im;
/**
 * The act, then the reason at the end of its line. A reason alone decides nothing: locks, pipes and files say "Resource
 * temporarily unavailable" too.
 */
const REASON =
  /(?:^|[^\w./'"-])(?:v?fork|clone3?|posix_spawnp?|pthread_create|spawn|child process)(?:[(): \t-][^\n]{0,200})?[ \t:(-](?:resource temporarily unavailable|cannot allocate memory|out of memory|not enough memory|no child processes|try again|EAGAIN|ENOMEM)(?: at \S{1,200} line \d+)?[ \t.)]*\r?$/im;

/**
 * What shells, sudo, cron, systemd, Node and small tools print when they run themselves and get no other process
 * (test/model/host/no-fork.test.ts has them all). What is searched is text of others: the word in a path (/srv/fork),
 * or in another sentence (fork: not found), is none.
 */
export const NO_FORK: readonly RegExp[] = [WORD, REASON];

export const saysNoFork = (text: string): boolean => NO_FORK.some((words) => words.test(text));

/** The command did not do its work because no process could be started: it, or one that it needed. */
export function couldNotFork(result: ProgramResult): boolean {
  // `no-slots`: a far host could not even begin a session for it.
  if (!result.ok) return starved(result) || result.code === 'no-slots';
  return result.exit !== 0 && saysNoFork(`${capturedText(result.stderr)}\n${capturedText(result.stdout)}`);
}
