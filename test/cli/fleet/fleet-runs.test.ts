import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { mock, type TestContext, test } from 'node:test';
import { main } from '../../../src/cli.ts';
import { openJournal } from '../../../src/journal/append.ts';
import type { Fact } from '../../../src/model/event.ts';
import { DEFAULT_STRATEGY } from '../../../src/model/fleet/strategy.ts';
import { targetNamed } from '../../../src/model/fleet/target.ts';
import type { FleetFact, HostEnd } from '../../../src/model/fleet.ts';
import { assertEvent } from '../../support/event-schema.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { writeRun } from '../../support/journals.ts';
import { HELD, STOPPED } from '../../support/story.ts';
import { testIo } from '../../support/test-io.ts';

const FLEET = '20261123-165500-fleet-cron-mail-storm-aaaa';
const ONE = '20261123-165504-cron-mail-storm-web-1-3f2a';
const TWO = '20261123-165504-cron-mail-storm-web-2-77aa';

const end = (host: string, run: string, outcome: HostEnd['outcome']): FleetFact => ({
  ...{ type: 'host.finished', host, run, outcome, verdict: null, reasons: [] },
});

const FACTS: readonly FleetFact[] = [
  {
    type: 'fleet.started',
    runbook: { name: 'cron-mail-storm', version: '1.0.0', title: 'a storm', path: '/storm.yaml', hash: 'aa' },
    params: {},
    strategy: DEFAULT_STRATEGY,
    hosts: ['web-1', 'web-2', 'web-3'].map((name) => targetNamed(name)),
    skipped: [],
    who: 'ada',
    mode: 'unattended',
    policy: null,
    tool: '0.1.0',
    reach: null,
  },
  { type: 'host.started', host: 'web-1', run: ONE },
  end('web-1', ONE, 'held'),
  { type: 'host.started', host: 'web-2', run: TWO },
];

const STOP: readonly FleetFact[] = [
  end('web-2', TWO, 'outcome-unknown'),
  { type: 'fleet.stopped', why: '1 host failed (web-2), and none may', notBegun: ['web-3'] },
  { type: 'fleet.finished', outcome: 'outcome-unknown', reasons: [] },
];

interface Stage {
  readonly state: string;
  readonly firebreak: (
    ...argv: readonly string[]
  ) => Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
}

/** A fleet run of which one host held and another was cut short. */
async function stage(context: TestContext, facts: readonly FleetFact[]): Promise<Stage> {
  const state = join(temporaryFolder(context), 'state');
  const uid = process.getuid?.() ?? 0;
  const opened = await openJournal({ places: [{ path: state, home: true }], uid, run: FLEET });
  if (!opened.ok) throw new Error(opened.message);
  for (const [at, fact] of facts.entries()) {
    const when = new Date(Date.UTC(2026, 10, 23, 16, 55, at)).toISOString();
    const event = { v: 1 as const, seq: at + 1, at: when, mono: at * 1000, run: FLEET, host: 'laptop', ...fact };
    assertEvent(event);
    await opened.journal.append(event as never, { light: false });
  }
  await opened.journal.close();
  await writeRun(state, uid, ONE, HELD);
  await writeRun(state, uid, TWO, STOPPED);
  return {
    state,
    firebreak: async (...argv) => {
      const { io, out, err } = testIo({
        env: { FIREBREAK_STATE: state, FIREBREAK_LOCK: state },
        uid: statSync(state).uid,
      });
      return { code: await main(argv, io), out: out(), err: err() };
    },
  };
}

test('a fleet run is one entry of the list, and the runs of its hosts are told with --all', async (context) => {
  const { firebreak } = await stage(context, [...FACTS, ...STOP]);
  const few = await firebreak('runs');
  assert.deepEqual(few, {
    code: 0,
    out: `${FLEET}  outcome unknown (exit 10)
    cron-mail-storm 1.0.0 on 3 hosts, unattended by ada, 2026-11-23 16:55:00
    UTC, took 6 s
    1 held, 1 failed, 1 not begun; killed 3, deleted 0, edited 1
`,
    err: '2 runs of single hosts, told with their fleet run: firebreak runs --all\n',
  });
  const { out, err } = await firebreak('runs', '--all');
  for (const id of [FLEET, ONE, TWO]) assert.ok(out.includes(`${id}  `), id);
  assert.equal(err, '');
});

test('JSON has a fleet run with its hosts, beside the runs of those', async (context) => {
  const { firebreak } = await stage(context, [...FACTS, ...STOP]);
  const rows: readonly Record<string, unknown>[] = JSON.parse((await firebreak('runs', '--json')).out);
  assert.deepEqual(rows.map(({ run }) => run).sort(), [FLEET, ONE, TWO].sort());
  const fleet = rows.find(({ run }) => run === FLEET);
  assert.deepEqual([fleet?.kind, fleet?.outcome, fleet?.exit], ['fleet', 'outcome-unknown', 10]);
  assert.deepEqual(fleet?.hosts, [
    { host: 'web-1', run: ONE, status: 'ended', outcome: 'held', acted: true },
    { host: 'web-2', run: TWO, status: 'ended', outcome: 'outcome-unknown', acted: true },
    { host: 'web-3', run: null, status: 'waiting', outcome: null, acted: false },
  ]);
});

test('the chain of a fleet journal is verified like any other', async (context) => {
  const { state, firebreak } = await stage(context, [...FACTS, ...STOP]);
  const well = await firebreak('runs', '--verify');
  assert.equal(well.code, 0);
  assert.match(well.out, /verified: 7 events in an unbroken chain/);
  appendFileSync(join(state, 'runs', FLEET, 'journal.ndjson'), '{"hash":"0000"}\n');
  const damaged = await firebreak('runs', '--verify');
  assert.equal(damaged.code, 74);
  assert.match(damaged.out, /journal damaged/);
});

test('the last run is the fleet, not one of its hosts; each of them has a report of its own', async (context) => {
  const { firebreak } = await stage(context, [...FACTS, ...STOP]);
  const { code, out } = await firebreak('report');
  assert.equal(code, 0);
  assert.match(out, /^# cron-mail-storm on 3 hosts: outcome unknown\n/);
  assert.equal((await firebreak('report', 'aaaa')).out, out);
  assert.match((await firebreak('report', ONE)).out, /^# cron-mail-storm on lab: held/);
  assert.equal(JSON.parse((await firebreak('report', '--json')).out).kind, 'fleet');
});

const UNATTENDED = ['--unattended', '--policy', 'examples/policy.yaml'];

test('resume and rollback take up the fleet, also one whose engine was killed; a host that is not of it is refused', async (context) => {
  for (const facts of [[...FACTS, ...STOP], FACTS])
    for (const command of ['resume', 'rollback']) {
      const { firebreak } = await stage(context, facts);
      const said = await firebreak(command, FLEET, ...UNATTENDED, '--host', 'db-9');
      assert.deepEqual(
        [said.code, said.err],
        [64, `firebreak: --host db-9: the fleet run ${FLEET} has no such host\n`],
      );
    }
});

test('without an id the newest fleet that has something to do is meant, not the run of one of its hosts', async (context) => {
  for (const facts of [[...FACTS, ...STOP], FACTS])
    for (const command of ['resume', 'rollback']) {
      const { firebreak } = await stage(context, facts);
      const said = await firebreak(command, ...UNATTENDED, '--host', 'web-2');
      // The runbook of the journal does not exist. The message about it shows that the fleet was resumed.
      assert.deepEqual([said.code, said.err.includes('/storm.yaml')], [66, true], said.err);
    }
});

test('a fleet with a damaged journal is not resumed', async (context) => {
  const { state, firebreak } = await stage(context, [...FACTS, ...STOP]);
  appendFileSync(join(state, 'runs', FLEET, 'journal.ndjson'), '{"hash":"0000"}\n{"hash":"0000"}\n');
  const said = await firebreak('resume', FLEET, ...UNATTENDED);
  assert.notEqual(said.code, 0);
  assert.doesNotMatch(said.err, /bug/);
});

test('options for one host are refused for many', async (context) => {
  const { firebreak } = await stage(context, FACTS);
  const many = ['--hosts', 'web-1,web-2'];
  assert.deepEqual(await firebreak('plan', 'cron-mail-storm', ...many, '--save', '/tmp/never'), {
    code: 64,
    out: '',
    err: 'firebreak: --save is for one host: name it with --host\n',
  });
  assert.equal((await firebreak('run', '--plan', '/tmp/never', ...many)).code, 64);
  const to = await firebreak('rollback', FLEET, ...UNATTENDED, '--to', 'stop-cron');
  assert.deepEqual([to.code, to.err], [64, 'firebreak: --to is for the run of one host: name that run\n']);
});

test('old runs of a fleet go with its journal, all of them or none, and the fleet last', async (context) => {
  const later = () => mock.timers.enable({ apis: ['Date'], now: Date.UTC(2028, 0, 1) });
  context.after(() => mock.timers.reset());
  const uid = process.getuid?.() ?? 0;
  const part: Fact = { type: 'note', text: `part of the fleet run ${FLEET}` };
  for (const second of ['unfinished', 'over'] as const) {
    const { state, firebreak } = await stage(context, [...FACTS, ...STOP]);
    for (const run of [ONE, TWO]) rmSync(join(state, 'runs', run), { recursive: true });
    await writeRun(state, uid, ONE, [...HELD.slice(0, -1), part, ...HELD.slice(-1)]);
    await writeRun(
      state,
      uid,
      TWO,
      second === 'over' ? [...HELD.slice(0, -1), part, ...HELD.slice(-1)] : [...STOPPED, part],
    );
    later();
    const { out } = await firebreak('runs', '--prune', '--json');
    mock.timers.reset();
    const { removed, kept } = JSON.parse(out) as Record<string, readonly { readonly run: string }[]>;
    const ids = (list: typeof removed) => list?.map(({ run }) => run);
    const expected = second === 'over' ? [[ONE, TWO, FLEET], []] : [[], [FLEET]];
    assert.deepEqual([ids(removed), ids(kept)], expected);
    assert.deepEqual(readdirSync(join(state, 'runs')).sort(), second === 'over' ? [] : [FLEET, ONE, TWO].sort());
  }
});
