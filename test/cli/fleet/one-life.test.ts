import assert from 'node:assert/strict';
import fs, { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { type TestContext, test } from 'node:test';
import { findRuns } from '../../../src/journal/find.ts';
import { takeLock } from '../../../src/journal/lock.ts';
import { readJournal } from '../../../src/journal/read.ts';
import type { RunEvent } from '../../../src/model/event.ts';
import { PART_OF } from '../../../src/model/run/retention.ts';
import { manualInterrupts } from '../../../src/wiring/interrupts.ts';
import { type Said, type Stage, setStage } from '../../support/stage.ts';

/**
 * One host and a fleet of one host have the same life. Each story is told twice, on worlds that are alike: with `--host`
 * and with `--hosts`. It ends with the same exit code, and the journal of the host's run tells the same.
 */

/** Replaces ssh: commands for the host start on this machine. While there is a file `down` it cannot. */
const SSH = (folder: string) => `#!/bin/sh
if [ -e ${folder}/down ]; then echo 'ssh: connect to host far port 22: Connection refused' >&2; exit 255; fi
while [ "$1" != -- ]; do shift; done
exec /bin/sh -c "$3"
`;

const ALONE = ['--unattended', '--policy', 'policy.yaml'];
const RUN = ['run', './paint.yaml', ...ALONE];
const uid = process.getuid?.() ?? 0;

interface Far extends Stage {
  readonly lock: string;
  readonly fire: (argv: readonly string[], given?: Parameters<Stage['firebreak']>[1]) => Promise<Said>;
}

let made = 0;

function setFar(test: TestContext): Far {
  const stage = setStage(test);
  mkdirSync(stage.path('bin'));
  stage.write('bin/ssh', SSH(stage.folder));
  chmodSync(stage.path('bin/ssh'), 0o755);
  const lock = `life-${process.pid}-${++made}`;
  const env = {
    PATH: `${stage.path('bin')}:/usr/sbin:/usr/bin:/sbin:/bin`,
    FIREBREAK_STATE: stage.path('state'),
    FIREBREAK_LOCK: lock,
    XDG_RUNTIME_DIR: stage.folder,
  };
  return { ...stage, lock, fire: (argv, given) => stage.firebreak(argv, { env, columns: 200, ...given }) };
}

/** What the journals of hosts' runs tell, a line an event: without times, and what a timer brings. */
function hostJournals({ path, folder, lock }: Far): readonly (readonly string[])[] {
  const { runs } = findRuns({ places: [{ path: path('state'), home: true }], uid });
  const own = runs.filter(({ id }) => !id.includes('-fleet-'));
  return own.map((run) => {
    const read = readJournal(run.folder);
    assert.ok(read.ok);
    const told = read.events.filter((event) => !BY_TIME.includes(event.type) && !saysWhoseItIs(event)).map(lineOf);
    return told.map((line) => line.replaceAll(folder, 'STAGE').replaceAll(run.id, 'RUN').replaceAll(lock, 'LOCK'));
  });
}
const BY_TIME = ['watch.sampled', 'action.progress'];

const saysWhoseItIs = (event: RunEvent): boolean => event.type === 'note' && event.text.startsWith(PART_OF);

function lineOf(event: RunEvent): string {
  switch (event.type) {
    case 'run.started': {
      const { who, mode, policy, limits, params, target, own, drill, steps } = event;
      const asked = { who, mode, policy: policy?.path, limits, params, target, own, drill, steps: steps.length };
      return `${event.type} ${JSON.stringify(asked)}`;
    }
    case 'run.finished':
      return `${event.type} ${event.outcome} ${event.verdict} ${event.reasons.join('; ').replaceAll(/[\d.]+ m?s|\d+:\d+/g, '0')}`;
    case 'note':
      return `note ${event.text}`;
    default:
      return [event.type, 'step' in event && event.step, 'outcome' in event && event.outcome].filter(Boolean).join(' ');
  }
}

interface Story {
  readonly exit: number;
  /** What is done, with the words that name the host. */
  readonly tell: (far: Far, host: readonly string[]) => Promise<Said>;
  readonly says: RegExp;
  /** How many journals of host runs there are in the end. */
  readonly runs: number;
}

const edit = ({ path, write }: Far, from: string, to: string): void => {
  const text = readFileSync(path('paint.yaml'), 'utf8');
  assert.ok(text.includes(from));
  write('paint.yaml', text.replace(from, to));
};

const VERIFY = 'verify:\n';
const FAILS = "  - id: fail\n    why: to see what comes of it\n    run: {argv: ['false'], effect: write}\n";

/** Whoever sends it kills soon, so it is at once the host's. */
function terminated({ fire }: Far, argv: readonly string[]): Promise<Said> {
  const interrupts = manualInterrupts();
  const stdout = (text: string): void => {
    if (text.includes('"action.intended"')) interrupts.raise('SIGTERM');
  };
  return fire([...argv, '--output', 'ndjson'], { interrupts, stdout });
}

/** The disk takes no further byte of the journal that was written first after an action was intended. */
async function withDeadJournal({ fire }: Far, argv: readonly string[]): Promise<Said> {
  const { writeSync } = fs;
  const use = (write: typeof writeSync): void => {
    fs.writeSync = write;
    syncBuiltinESMExports();
  };
  let out = '';
  let dead: number | null = null;
  const failing = ((fd: number, ...rest: readonly unknown[]) => {
    dead ??= fd;
    if (fd === dead) throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
    return Reflect.apply(writeSync, fs, [fd, ...rest]);
  }) as typeof writeSync;
  const stdout = (text: string): void => {
    out += text;
    if (text.includes('"action.intended"')) use(failing);
  };
  try {
    const said = await fire([...argv, '--output', 'ndjson'], { stdout });
    return { ...said, out };
  } finally {
    use(writeSync);
  }
}

const STORIES: Readonly<Record<string, Story>> = {
  'a run that holds': { exit: 0, runs: 1, says: /held/i, tell: ({ fire }, host) => fire([...RUN, ...host]) },
  'a host that is down': {
    exit: 10,
    runs: 0,
    says: /nothing answers on its ssh port/,
    tell: ({ fire, write }, host) => {
      write('down', '');
      return fire([...RUN, ...host]);
    },
  },
  'a host that somebody else is at': {
    exit: 75,
    runs: 0,
    says: /another run holds far: paint, started by ada/,
    tell: async ({ fire, lock }, host) => {
      const holder = { run: 'paint', who: 'ada', pid: 7, since: '2026-11-23T03:00:00Z' };
      const taken = await takeLock({ uid, name: lock, host: 'far' }, holder);
      assert.ok(taken.ok);
      try {
        return await fire([...RUN, ...host]);
      } finally {
        taken.lock.release();
      }
    },
  },
  'a step that fails': {
    exit: 9,
    runs: 1,
    says: /fail/,
    tell: (far, host) => {
      edit(far, VERIFY, FAILS + VERIFY);
      return far.fire([...RUN, ...host]);
    },
  },
  'a run whose journal cannot be written any more': {
    exit: 73,
    runs: 1,
    says: /cannot be written: EIO: [^;]*; stopped at once, and what was stopped for the remedy was started again/,
    tell: (far, host) => withDeadJournal(far, [...RUN, ...host]),
  },
  'a run that is terminated': {
    exit: 130,
    runs: 1,
    says: /^$/,
    tell: (far, host) => terminated(far, [...RUN, ...host]),
  },
  'a run that is terminated and resumed': {
    exit: 0,
    runs: 1,
    says: /held/i,
    tell: async (far, host) => {
      await terminated(far, [...RUN, ...host]);
      return far.fire(['resume', ...ALONE]);
    },
  },
  'a run whose runbook was edited before it is resumed': {
    exit: 6,
    runs: 1,
    says: /^\+title: painted anew, the colour[\s\S]*edited since the run began; a person has to take it up\n/m,
    tell: async (far, host) => {
      await terminated(far, [...RUN, ...host]);
      edit(far, 'title: ', 'title: painted anew, ');
      return far.fire(['resume', ...ALONE]);
    },
  },
  'a run that is undone': {
    exit: 0,
    runs: 1,
    says: /cannot be undone/,
    tell: async ({ fire }, host) => {
      await fire([...RUN, ...host]);
      return fire(['rollback', ...ALONE]);
    },
  },
};

for (const [name, { exit, says, runs, tell }] of Object.entries(STORIES)) {
  test(`${name}: one host and a fleet of it end with ${exit}, and its journal tells the same`, async (test) => {
    const [one, many] = [setFar(test), setFar(test)];
    const alone = await tell(one, ['--host', 'far']);
    const inFleet = await tell(many, ['--hosts', 'far']);
    assert.deepEqual([alone.exit, inFleet.exit], [exit, exit], `${alone.out}${alone.err}${inFleet.out}${inFleet.err}`);
    for (const { out, err } of [alone, inFleet]) {
      assert.match(out + err, says);
      if (name === 'a run that is undone') assert.doesNotMatch(out + err, /Nothing was changed/);
    }
    const journals = hostJournals(one);
    assert.equal(journals.length, runs);
    assert.deepEqual(hostJournals(many), journals);
    assert.deepEqual(many.world(), one.world());
  });
}
