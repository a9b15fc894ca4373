/** Exit codes are an API: one table, in `--help` and the reference. */
export const OUTCOMES = {
  held: { exit: 0, about: 'held; or nothing to do where asked to check' },
  'looked-only': { exit: 0, about: 'looked only: nothing decides whether this is an incident, nothing done' },
  'not-this-incident': { exit: 2, about: 'not this incident, nothing done' },
  'needs-a-human': { exit: 3, about: 'needs a human' },
  recurred: { exit: 4, about: 'recurred, or verify failed' },
  'over-limit': { exit: 5, about: 'a limit would be exceeded' },
  'plan-mismatch': { exit: 6, about: 'the plan does not match' },
  inconclusive: { exit: 7, about: 'inconclusive' },
  'rolled-back': { exit: 8, about: 'failed and rolled back' },
  'rollback-incomplete': { exit: 9, about: 'failed, rollback incomplete' },
  'outcome-unknown': { exit: 10, about: 'outcome unknown, resumable' },
  usage: { exit: 64, about: 'usage' },
  'invalid-runbook': { exit: 65, about: 'invalid runbook' },
  'no-such-file': { exit: 66, about: 'no such file' },
  'unsupported-machine': { exit: 69, about: 'unsupported machine' },
  bug: { exit: 70, about: 'a bug in firebreak' },
  'no-output': { exit: 71, about: 'the output could not be written' },
  'no-journal': { exit: 73, about: 'the journal cannot be written' },
  'journal-damaged': { exit: 74, about: 'the journal is damaged' },
  locked: { exit: 75, about: 'another run holds the lock' },
  'refused-by-policy': { exit: 77, about: 'refused by policy' },
  deadline: { exit: 124, about: 'a deadline passed' },
  interrupted: { exit: 130, about: 'interrupted, and safe' },
} as const;
export type OutcomeName = keyof typeof OUTCOMES;

export const exitCode = (outcome: OutcomeName): number => OUTCOMES[outcome].exit;

export type Verdict = 'held' | 'recurred' | 'inconclusive';
