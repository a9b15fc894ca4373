import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * One small way to break the program, and the test that must notice it. The source is found by the text itself,
 * wherever it lies; the test by the name of its file. So a file that moves changes nothing here.
 */
export interface Mutant {
  /** What is broken then. */
  readonly promise: string;
  /** Stands exactly once in src. */
  readonly search: string;
  readonly replace: string;
  /** The name of the test file; a part of its path where two files have one name. */
  readonly test: string;
  /** Stands in the title of the test that must fail, where the whole file takes long. */
  readonly title?: string;
}

export const ROOT = join(import.meta.dirname, '../..');

export function sourcesOf(): ReadonlyMap<string, string> {
  return new Map(globSync('src/**/*.ts', { cwd: ROOT }).map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
}

/** Every place of its text, by the file: one, or the row must be mended. */
export function whereIs({ search }: Mutant, sources: ReadonlyMap<string, string>): readonly string[] {
  return [...sources].flatMap(([path, text]) => Array<string>(text.split(search).length - 1).fill(path));
}

/** Undefined: there is none, or more than one. */
export function testOf({ test }: Mutant): string | undefined {
  const found = globSync('test/**/*.test.ts', { cwd: ROOT }).filter((path) =>
    test.includes('/') ? path.endsWith(test) : basename(path) === test,
  );
  return found.length === 1 ? found[0] : undefined;
}

/** Why a row cannot be used; null: it can. */
export function troubleWith(mutant: Mutant, sources: ReadonlyMap<string, string>): string | null {
  const places = whereIs(mutant, sources);
  if (places.length === 0) return 'its text is in no file of src: give the row the line as it is now';
  if (places.length > 1) return `its text is in ${places.join(', ')}: make it longer`;
  const test = testOf(mutant);
  if (test === undefined) return `there is no single test file ${mutant.test}`;
  const titled = mutant.title === undefined || textsOf(test).some((text) => text.includes(mutant.title ?? ''));
  return titled ? null : `there is no title with "${mutant.title}" in ${mutant.test}`;
}

/** A test file, and the contracts of which it runs all. */
function textsOf(test: string): readonly string[] {
  const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
  return [read(test), ...globSync('test/contracts/*.ts', { cwd: ROOT }).map(read)];
}

export const MUTANTS: readonly Mutant[] = [
  {
    promise: 'A second Ctrl-C stops the hosts of a fleet that are at work',
    search: 'const again = interrupts.pressed >= 2;',
    replace: 'const again = interrupts.pressed >= 3;',
    test: 'fleet-again.test.ts',
    title: 'the second Ctrl-C stops those at work',
  },
  {
    promise: 'A step that is said to be done by hand is looked at again',
    search:
      "if (observation.verdict === 'nothing') return doneByHand(running, step, answer.reason ?? observation.summary);",
    replace:
      "if (observation.verdict !== 'cannot') return doneByHand(running, step, answer.reason ?? observation.summary);",
    test: 'guard.test.ts',
    title: 'a step said to be done by hand',
  },
  {
    promise: 'What the run has started again itself is not stopped once more by resume',
    search: 'if (first < 0 || startedByUs) return again;',
    replace: 'if (first < 0) return again;',
    test: 'run/resume.test.ts',
    title: 'a service that the run has started again',
  },
  {
    promise: 'A link of another user on the way to a policy is not trusted',
    search: 'note(suspectOwner(next, found, reader));',
    replace: '',
    test: 'hosts/trusted.test.ts',
  },
  {
    promise: 'A lease that ran out while the intent was written fences the act',
    search: 'late: await fenceLeases(running),',
    replace: 'late: false,',
    test: 'lease.test.ts',
    title: 'an engine that was frozen while it wrote down',
  },
  {
    promise: 'A lease that ran out while it looked fences the intent',
    search: 'await heard(running.host, notBegun(step), () => fenceLeases(running));\n  let applied',
    replace: 'let applied',
    test: 'lease.test.ts',
    title: 'an engine that was frozen during its look',
  },
  {
    promise: 'A process that refused its signal is not signalled again',
    search: '!state.sent.has(identityKey(each)) && !state.refused.has(identityKey(each))',
    replace: '!state.sent.has(identityKey(each))',
    test: 'kill.action.test.ts',
  },
  {
    promise: 'A signal goes through the descriptor of the process that was listed',
    search: 'return use(`/proc/self/fd/${fd}`);',
    replace: 'return use(`/proc/${pid}`);',
    test: 'local/processes.test.ts',
    title: 'is not signalled: what was opened',
  },
  {
    promise: 'The events of a journal have the next number each',
    search: 'return event.seq === seq ?',
    replace: 'return event.seq > 0 ?',
    test: 'journal/read.test.ts',
    title: 'an event whose number',
  },
  {
    promise: '1 Crash: who is killed is in the journal before the signal goes',
    search: "await state.act.reserve?.('kill', state.reserved.count, now.map(identityKey));",
    replace: '',
    test: 'kill.action.test.ts',
    title: 'has each process that it ends in the journal',
  },
  {
    promise: '1 Crash: an event is in the journal before any view sees it',
    search: 'await journal.append(event',
    replace: 'void journal.append(event',
    test: 'spine.test.ts',
  },
  {
    promise: '2 I/O errors: after a failed append nothing more is emitted',
    search: 'if (dead) throw dead;',
    replace: '',
    test: 'spine.test.ts',
    title: 'after a failed append',
  },
  {
    promise: '2 I/O errors: a failed sync is the end of the journal',
    search: 'if (dead !== null) throw dead;',
    replace: '',
    test: 'append.test.ts',
    title: 'failed once every later append fails too',
  },
  {
    promise: '2 I/O errors: what must last is synced',
    search: 'if (!light) disk.fdatasyncSync(fd);',
    replace: '',
    test: 'append.test.ts',
    title: 'an event is synced before append',
  },
  {
    promise: '7 Hostile directory: another directory in its place is not emptied',
    search: 'directory.device !== handle.device || directory.inode !== handle.inode',
    replace: 'directory.device !== handle.device',
    test: 'local/files.test.ts',
    title: 'refuse another directory',
  },
  {
    promise: '7 Hostile directory: a delete stops at its limit',
    search: 'if (sweep.deleted >= sweep.options.limit || sweep.hopeless) return;',
    replace: 'if (sweep.hopeless) return;',
    test: 'local/files.test.ts',
    title: 'never delete more than the limit',
  },
  {
    promise: '7 Hostile directory: a file that was exchanged after it was judged is left alone',
    search: "if (!isStill()) return skip(sweep, name, 'changed meanwhile: another file has its name');",
    replace: '',
    test: 'local/files.test.ts',
    title: 'a file that takes the name of another one',
  },
  {
    promise: '7 Hostile names: bytes that a terminal obeys are written out',
    search: 'const UNSHOWABLE = /[\\p{Cc}\\p{Cf}',
    replace: 'const UNSHOWABLE = /[\\p{Cf}',
    test: 'escape.test.ts',
    title: 'what a terminal could obey',
  },
  {
    promise: '8 Right process: a pid that was given again is not signalled',
    search: "if (stat.start !== target.start) return 'other';",
    replace: '',
    test: 'local/processes.test.ts',
    title: 'leaves another process alone',
  },
  {
    promise: '8 Right process: a zombie is gone',
    search: "if (stat.state === 'Z' || stat.state === 'X') return 'gone';\n  if (stat.kernel)",
    replace: 'if (stat.kernel)',
    test: 'local/processes.test.ts',
    title: 'takes a zombie for gone',
  },
  {
    promise: '8 Right process: zero and negative pids are refused',
    search: 'if (!Number.isSafeInteger(pid) || pid <= 1)',
    replace: 'if (pid === 1)',
    test: 'local/processes.test.ts',
    title: 'never takes 0',
  },
  {
    promise: '9 Never hangs: a command whose grandchild holds the pipe returns',
    search: "child.once('exit', (exit, signal)",
    replace: "child.once('close', (exit, signal)",
    test: 'local/commands.test.ts',
    title: 'returns while a grandchild',
  },
  {
    promise: "11 One at a time: only root's claim and the user's own are believed",
    search: 'const both = [...look(), ...look()].filter(({ uid }) => uids.has(uid));',
    replace: 'const both = [...look(), ...look()];',
    test: 'journal/lock.test.ts',
    title: 'a claim of another user',
  },
  {
    promise: '11 One at a time: whoever sees another claim lets go',
    search: 'const [rival] = rivals(scope, own);\n  if (!rival) return own;',
    replace: 'return own;',
    test: 'journal/lock.test.ts',
    title: 'whoever sees a second claim',
  },
  {
    promise: '12 Dry run is dry: nothing is signalled while a plan is made',
    search: "outcome: 'refused' as const, reason: 'the host is read-only'",
    replace: "outcome: 'sent' as const",
    test: 'read-only.test.ts',
  },
  {
    promise: '12 Dry run is dry: no command that changes something runs',
    search: "request.effect === 'read'\n          ?",
    replace: 'request.argv.length > 0\n          ?',
    test: 'read-only.test.ts',
  },
  {
    promise: '13 Plan = run: another parameter makes another plan',
    search: '...Object.entries(params).map(([name, value]) => line(`parameter ${name}`, showValue(value))),',
    replace: '',
    test: 'cli/saved-plan.test.ts',
    title: 'a parameter',
  },
  {
    promise: '13 Plan = run: a plan is of one life of one host',
    search: 'if (machine.boot !== now.boot)',
    replace: 'if (machine.host !== now.host)',
    test: 'cli/saved-plan.test.ts',
    title: 'the life of the host',
  },
  {
    promise: '13 Plan = run: a plan expires',
    search: 'if (age <= valid) return null;',
    replace: 'return null;',
    test: 'cli/saved-plan.test.ts',
    title: 'the hour',
  },
  {
    promise: '14 Rollback: undo goes from the newest to the oldest',
    search: 'const newestFirst = book.done.toReversed();',
    replace: 'const newestFirst = [...book.done];',
    test: 'run/undo.test.ts',
    title: 'undo steps are run newest first',
  },
  {
    promise: '14 Rollback: what brings the incident back is undone only where it is allowed',
    search: 'if (done.dangerous !== null && !options.dangerous)',
    replace: "if (done.dangerous === '')",
    test: 'execute.test.ts',
    title: 'before an undo that may bring the incident back',
  },
  {
    promise: '14 Rollback: an edit of somebody since is not overwritten',
    search: 'if (hashOf(old) !== change.before) return changed(path);',
    replace: '',
    test: 'local/files.test.ts',
    title: 'refuse to replace what somebody',
  },
  {
    promise: '15 Secrets: base64 is found at every place of its group',
    search: '...[0, 1, 2].map((at) => base64At(bytes, at))',
    replace: '...[0, 1].map((at) => base64At(bytes, at))',
    test: 'redact.test.ts',
    title: 'a secret is never in the output',
  },
  {
    promise: '17 Leases: what a lease stopped runs again when the journal is dead',
    search: 'await restoreLeases(running).catch(unlessSevered);',
    replace: '',
    test: 'lease.test.ts',
    title: 'with a dead journal a stopped service',
  },
  {
    promise: '17 Leases: how long a service is stopped counts from its first stop',
    search: 'Math.max(within, most) - stopped;',
    replace: 'Math.max(within, most);',
    test: 'lease.test.ts',
  },
  {
    promise: '18 Tamper evidence: a changed line breaks the chain',
    search: 'return chain(previous, body) === hash ?',
    replace: 'return hash.length > 0 ?',
    test: 'journal/read.test.ts',
    title: 'any one changed byte',
  },
  {
    promise: '19 Identity: a link of another user is not followed',
    search: 'return ours.has(link.uid) && isOurs({ folder, exposed }, ours);',
    replace: 'return isOurs({ folder, exposed }, ours);',
    test: 'local/paths.test.ts',
  },
  {
    promise: "19 Identity: a link of root's in another user's folder is not followed",
    search: 'return ours.has(link.uid) && isOurs({ folder, exposed }, ours);',
    replace: 'return ours.has(link.uid);',
    test: 'local/paths.test.ts',
  },
  {
    promise: "19 Identity: another user's process of the same program is no daemon",
    search: 'return real !== undefined && world.owners.has(real);',
    replace: 'return real !== undefined;',
    test: 'main-process.test.ts',
  },
  {
    promise: '20 Meaning: what could not be looked at is neither yes nor no',
    search: "if (kind === 'any_of' || any === 'unknown') return any;",
    replace: "if (kind === 'any_of') return any;",
    test: 'judge.test.ts',
  },
  {
    promise: '20 Meaning: a guard that could not look stops the run',
    search: 'if (finding?.unknown !== undefined) return `could not look',
    replace: 'if (finding?.unknown !== undefined) return null ?? `',
    test: 'guard.test.ts',
    title: 'a guard of on_fail',
  },
  {
    promise: '20 Meaning: a bad last look of a watch is not tolerated',
    search: 'if (broken.length === 0 || last || tolerated >= tolerate) return undefined;',
    replace: 'if (broken.length === 0 || tolerated >= tolerate) return undefined;',
    test: 'cli/keys.test.ts',
    title: 'tolerate',
  },
  {
    promise: '20 Meaning: a watch without its proof is inconclusive',
    search: 'if (cron.minutes() < wanted)',
    replace: 'if (cron.minutes() < 0)',
    test: 'run/verify.test.ts',
  },
  {
    promise: '20 Meaning: whoever went down with a service is looked at again',
    search: 'if (!isRunning(state)) reasons.push',
    replace: "if (state === 'unknown') reasons.push",
    test: 'run/verify.test.ts',
  },
  {
    promise: "21 Owed things: mail of another user's name is left",
    search: "if (typeof owner === 'string' && !owns(owner)) owned = false;",
    replace: '',
    test: 'storm-mail.test.ts',
  },
  {
    promise: '21 Owed things: mail that somebody may still write is left',
    search: "if (format !== 'postfix' || (mode & 0o100) !== 0) return false;",
    replace: 'return false;',
    test: 'local/files.test.ts',
    title: 'leave alone a file that postdrop',
  },
  {
    promise: '22 Counters: a run of an hour more than the rule allows is refused',
    search: 'count < most) return [];',
    replace: 'count <= most) return [];',
    test: 'pace.test.ts',
  },
  {
    promise: '22 Counters: a cool-down needs a run that held',
    search: 'past.filter((run) => run.held &&',
    replace: 'past.filter((run) => ',
    test: 'pace.test.ts',
  },
  {
    promise: '22 Counters: what a killed act may have used counts',
    search: 'used: addCosts(addCosts({}, state.used), sumOf(state.unsettled)),',
    replace: 'used: addCosts({}, state.used),',
    test: 'counters.test.ts',
  },
  {
    promise: '23 Bounded: a look-behind is no pattern',
    search: 'return size > MOST_INSTRUCTIONS',
    replace: 'return size > 1e9',
    test: 'pattern.test.ts',
    title: 'what a linear engine cannot have',
  },
  {
    promise: "24 Quiet guard: looks alike take each other's place",
    search: '(mine === undefined ? [] : supersede(yard, mine))',
    replace: '(mine === undefined ? [] : [])',
    test: 'cli/retention.test.ts',
  },
  {
    promise: '25 Accident-proof: the count is typed for what cannot be undone',
    search: "if (step.observation?.undo.kind !== 'irreversible') return",
    replace: 'if (step.observation !== undefined) return',
    test: 'views/ask.test.ts',
  },
  {
    promise: '25 Accident-proof: quit undoes nothing',
    search: "case 'quit':\n      return { choice: 'quit', reason: null };",
    replace: "case 'quit':\n      return { choice: 'undo', reason: null };",
    test: 'views/ask.test.ts',
  },
  {
    promise: '26 The end adds up: an unknown outcome is settled by what is left',
    search: 'book.used = minus(book.used, back);',
    replace: '',
    test: 'counters.test.ts',
    title: 'after a killed kill',
  },
  {
    promise: 'Policy: a freeze denies',
    search: "if (freeze) return { kind: 'denied'",
    replace: "if (freeze && false) return { kind: 'denied'",
    test: 'model/policy.test.ts',
    title: 'a freeze denies',
  },
  {
    promise: 'Policy: a secret comes from where the runbook says',
    search: '!Object.hasOwn(params, name) && asked.params[name] !== own,',
    replace: 'false,',
    test: 'model/policy.test.ts',
    title: 'a secret comes from',
  },
  {
    promise: 'Connection lost: nothing is written after an unknown outcome',
    search: "const refused = options.effect === 'write' ? lost() : null;\n      return refused",
    replace: 'const refused = null;\n      return refused',
    test: 'watched.test.ts',
  },
];
