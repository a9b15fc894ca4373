import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FakeWorld } from '../../../src/hosts/fake/world.ts';
import type { ProcessRecord } from '../../../src/model/host.ts';
import type { Json } from '../../../src/model/json.ts';
import type { Act, Progress } from '../../../src/model/verb.ts';
import kill from '../../../src/verbs/processes/kill.action.ts';
import { mailStorm, processHost, processRecord, processWorld } from '../../support/hosts/fake-processes.ts';
import { complaints, paramComplaints } from '../../support/real-verbs.ts';
import { quickClock } from '../../support/rehearsal.ts';

const SELECTOR = { name: ['sendmail', 'postdrop'], started_by: ['cron', 'crond'] };
const order = (found: readonly ProcessRecord[] | null, more: object = {}): Json =>
  ({
    targets: { $step: 'mailers', verb: 'processes', selector: SELECTOR, found: found && { processes: found } },
    ...more,
  }) as unknown as Json;
const mailers = (times: number) => mailStorm(times).filter((each) => each.name !== 'cron');

interface Rig {
  readonly world: FakeWorld;
  readonly act: Act;
  readonly progress: Progress[];
}

function rig(
  processes: readonly ProcessRecord[],
  options: { readonly allowance?: number; readonly signal?: AbortSignal } = {},
): Rig {
  const world = processWorld(...processes);
  const progress: Progress[] = [];
  const act: Act = {
    host: processHost(world),
    clock: quickClock(),
    signal: options.signal ?? new AbortController().signal,
    progress: (each) => void progress.push(each),
    allowance: () => options.allowance ?? Number.POSITIVE_INFINITY,
    recall: async () => '',
  };
  return { world, act, progress };
}

/** As a run does it: observe, then apply. `meanwhile` is what the world does in between. */
async function run({ act, world }: Rig, arg: Json, meanwhile: (world: FakeWorld) => void = () => {}) {
  const observation = await kill.observe(act, arg);
  meanwhile(world);
  return await kill.apply(act, arg, observation);
}

describe('kill, as planned', () => {
  it("leaves alone what another user's own cron has started, and names it", async () => {
    const bobs = [
      processRecord({ pid: 200, name: 'cron', uid: 1001, user: 'bob' }),
      processRecord({
        pid: 201,
        name: 'sendmail',
        uid: 1001,
        user: 'bob',
        ppid: 200,
        ancestry: [{ pid: 200, name: 'cron' }],
      }),
    ];
    const { act } = rig([...mailStorm(2), ...bobs]);
    const { targets, warnings } = await kill.observe(act, order(null));
    assert.equal(targets.count, 4);
    assert.deepEqual(warnings, [
      "left alone: 1 sendmail of cron(200), which only has the name: it is neither root's nor a system service",
    ]);
  });

  it('has each process that it ends in the journal before the signal goes', async () => {
    const { act, world } = rig(mailStorm(2));
    const reserve: Act['reserve'] = async (limit, count, ids) => {
      world.log.push(`reserve ${count} of ${limit}, with ${ids?.length} names`);
    };
    await run({ act: { ...act, reserve }, world, progress: [] }, order(mailers(2)));
    assert.deepEqual(
      world.log.map((line) => line.replace(/ \d+$/, '')),
      ['reserve 4 of kill, with 4 names', ...Array.from({ length: 4 }, () => 'signal TERM')],
    );
  });

  it('shows the exact targets, what it costs, that it cannot be undone, and what a person could type', async () => {
    const { act } = rig(mailStorm(2));
    const { blocks, ...seen } = await kill.observe(act, order(mailers(2), { kill_after: '5s' }));
    assert.deepEqual(seen, {
      verdict: 'change',
      summary: 'kill 4 processes: 2 sendmail, 2 postdrop',
      targets: {
        kind: 'processes',
        count: 4,
        members: [
          '101 root 2 min /usr/sbin/sendmail',
          '102 root 2 min /usr/sbin/postdrop',
          '104 root 1 min /usr/sbin/sendmail',
          '105 root 1 min /usr/sbin/postdrop',
        ],
        detail: { processes: mailers(2).map(({ pid, start, exe, name, state }) => ({ pid, start, exe, name, state })) },
      },
      state: { now: '4 processes', after: 'none' },
      undo: {
        kind: 'irreversible',
        because: 'an ended process cannot be brought back',
        evidence: '4 processes: 2 sendmail, 2 postdrop; 2 x /usr/sbin/sendmail; 2 x /usr/sbin/postdrop',
      },
      predicts: [{ kind: 'processes-gone', pids: [101, 102, 104, 105] }],
      costs: { kill: 4 },
      keep: {},
      explain: ['kill -TERM 101 102 104 105', 'sleep 5; kill -KILL 101 102 104 105    # those that are left'],
      estimate: 504,
      warnings: [],
    });
    assert.deepEqual(
      blocks.map((block) => block.kind),
      ['table'],
    );
  });

  it('changes nothing while it looks', async () => {
    const { act, world } = rig(mailStorm(2));
    await kill.observe(act, order(mailers(2)));
    assert.deepEqual([world.log, world.processes], [[], [...mailStorm(2)]]);
  });

  it('has nothing to do where there is no such process', async () => {
    const { act } = rig([]);
    assert.equal((await kill.observe(act, order([]))).verdict, 'nothing');
    assert.equal((await kill.observe(act, order(mailers(2)))).verdict, 'nothing');
  });

  it('takes what it was shown as well as what came since, and says how many those are', async () => {
    const { act } = rig(mailStorm(3));
    const seen = await kill.observe(act, order(mailers(2)));
    assert.deepEqual([seen.targets.count, seen.warnings], [6, ['2 processes more than when the step looked']]);
  });

  it('keeps a target that the selector no longer finds: an orphan whose daemon was stopped', async () => {
    const orphan = processRecord({ pid: 102, name: 'postdrop' });
    const { act } = rig([orphan]);
    const seen = await kill.observe(act, order(mailers(1)));
    assert.deepEqual(seen.targets.detail, {
      processes: [{ pid: 102, start: 1020, exe: '/usr/sbin/postdrop', name: 'postdrop', state: 'S' }],
    });
  });

  it('does not take a later process for the one that it was shown', async () => {
    const { act } = rig([processRecord({ pid: 102, name: 'postdrop', start: 999_999 })]);
    assert.equal((await kill.observe(act, order(mailers(1)))).verdict, 'nothing');
  });

  it('leaves out what is never signalled, and says why', async () => {
    const startedBy = { name: 'cron', pid: 20, by: 'ancestor' } as const;
    const spared = processRecord({ pid: 9, name: 'sendmail', startedBy, spared: 'elsewhere' });
    const { act } = rig([spared, ...mailStorm(1)]);
    const seen = await kill.observe(act, order([spared, ...mailers(1)]));
    assert.deepEqual([seen.costs, seen.warnings], [{ kill: 2 }, ['left alone: sendmail(9), in another pid namespace']]);
  });

  it('looks for itself where it has a selector of its own', async () => {
    const { act } = rig(mailStorm(2));
    assert.deepEqual((await kill.observe(act, { processes: { name: 'postdrop' } })).costs, { kill: 2 });
  });

  it('refuses to mean every process', async () => {
    const { act } = rig(mailStorm(2));
    assert.equal((await kill.observe(act, { processes: {} })).verdict, 'cannot');
  });

  it('cannot where the host cannot be looked at', async () => {
    const { act } = rig(mailStorm(1));
    const list: Act['host']['processes']['list'] = async () => ({ ok: false, code: 'ENOTSUP', message: 'no /proc' });
    const seen = await kill.observe(
      { ...act, host: { ...act.host, processes: { ...act.host.processes, list } } },
      order(null),
    );
    assert.deepEqual([seen.verdict, seen.reason], ['cannot', 'could not look: no /proc']);
  });

  it('never suggests to kill by name, and bounds what it suggests', async () => {
    const { act } = rig(mailStorm(30));
    const { explain } = await kill.observe(act, order(mailers(30)));
    assert.equal(explain.length, 1);
    assert.match(explain[0] ?? '', /^kill -TERM (\d+ ){19}\d+ {4}# and 40 others$/);
  });
});

describe('kill, as done', () => {
  it('ends all of them, children before parents, and nobody else', async () => {
    const bystander = processRecord({ pid: 900, name: 'sendmail' });
    const it = rig([...mailStorm(2), bystander]);
    const { outcome, used, reason, summary } = await run(it, order(mailers(2), { kill_after: '5s' }));
    assert.deepEqual([outcome, used, reason], ['done', { kill: 4 }, undefined]);
    assert.match(summary, /^4 processes ended in /);
    assert.deepEqual(
      it.world.processes.map((each) => each.pid),
      [100, 103, 900],
    );
    const at = (pid: number) => it.world.log.indexOf(`signal TERM ${pid}`);
    assert.ok(at(102) < at(101) && at(105) < at(104));
    assert.equal(it.world.log.length, 4);
  });

  it('sends KILL to what is left after the time of grace, to that alone', async () => {
    const it = rig(mailStorm(2));
    it.world.ignoresTerm.add(101);
    const { outcome, used } = await run(it, order(mailers(2), { kill_after: '2s' }));
    assert.deepEqual([outcome, used], ['done', { kill: 4 }]);
    assert.deepEqual(
      it.world.log.filter((line) => line.startsWith('signal KILL')),
      ['signal KILL 101'],
    );
  });

  it('kills nobody without kill_after, and names the survivors', async () => {
    const it = rig(mailStorm(2));
    it.world.ignoresTerm.add(101);
    const { outcome, reason, used } = await run(it, order(mailers(2)));
    assert.deepEqual([outcome, reason, used], ['failed', 'still there: sendmail(101)', { kill: 4 }]);
    assert.ok(it.world.log.every((line) => line.startsWith('signal TERM')));
  });

  it('tells that no signal ends a survivor in D state', async () => {
    const it = rig(mailStorm(1).map((each) => (each.pid === 102 ? { ...each, state: 'D' } : each)));
    const { outcome, reason } = await run(it, order(mailers(1), { kill_after: '1s' }));
    assert.deepEqual(
      [outcome, reason],
      ['failed', 'still there: postdrop(102) in state D, which no signal ends before the kernel lets go'],
    );
  });

  it('adds what has come since the plan, and reports it', async () => {
    const it = rig(mailStorm(1));
    const { summary, used } = await run(
      it,
      order(mailers(1)),
      (world) => void world.processes.push(...mailStorm(2).slice(3)),
    );
    assert.match(summary, /^4 processes ended in .*, 2 of them new since the plan$/);
    assert.deepEqual(used, { kill: 4 });
  });

  it('never kills more than the limit has left', async () => {
    const it = rig(mailStorm(3), { allowance: 3 });
    const { outcome, used, reason } = await run(it, order(mailers(3), { kill_after: '1s' }));
    assert.deepEqual(
      [outcome, used, reason],
      ['partial', { kill: 3 }, '3 processes more than the limit kill allows, left alone'],
    );
    assert.equal(it.world.log.length, 3);
  });

  it('keeps to the limit also for those that come later', async () => {
    const it = rig(mailStorm(1), { allowance: 3 });
    const { outcome, used } = await run(
      it,
      order(mailers(1)),
      (world) => void world.processes.push(...mailStorm(2).slice(3)),
    );
    assert.deepEqual([outcome, used], ['partial', { kill: 3 }]);
  });

  it('does not touch a process that has the pid of a target by now', async () => {
    const it = rig(mailStorm(1));
    const stranger = processRecord({ pid: 102, name: 'nginx', start: 999_999 });
    const { outcome, used } = await run(it, order(mailers(1)), (world) => {
      world.processes = [...world.processes.filter((each) => each.pid !== 102), stranger];
    });
    assert.deepEqual([outcome, used], ['done', { kill: 1 }]);
    assert.ok(it.world.processes.includes(stranger));
  });

  it('counts processes that ended by themselves as ended, not as killed', async () => {
    const it = rig(mailStorm(1));
    const { outcome, used } = await run(it, order(mailers(1)), (world) => {
      world.processes = [];
    });
    assert.deepEqual([outcome, used, it.world.log], ['done', { kill: 0 }, []]);
  });

  it('stops between two rounds when it is told to: no KILL any more', async () => {
    const stop = new AbortController();
    const it = rig(mailStorm(1), { signal: stop.signal });
    it.world.ignoresTerm.add(101);
    const act = { ...it.act, progress: () => stop.abort() };
    const observation = await kill.observe(act, order(mailers(1), { kill_after: '5s' }));
    const { outcome, reason } = await kill.apply(act, order(mailers(1), { kill_after: '5s' }), observation);
    assert.deepEqual([outcome, reason], ['partial', 'still there: sendmail(101)']);
    assert.ok(it.world.log.every((line) => line.startsWith('signal TERM')));
  });

  it('sends nothing at all when it is told to stop before it begins', async () => {
    const it = rig(mailStorm(1), { signal: AbortSignal.abort() });
    const { outcome, used } = await run(it, order(mailers(1)));
    assert.deepEqual([outcome, used, it.world.log], ['partial', {}, []]);
  });

  it('names those that it may not signal, and signals them no second time', async () => {
    const it = rig(mailStorm(1));
    const asked: string[] = [];
    const signal: Act['host']['processes']['signal'] = async (targets, name) =>
      targets.map(({ pid }) => {
        asked.push(`${name} ${pid}`);
        return { pid, outcome: 'refused', reason: 'not permitted' };
      });
    const act = { ...it.act, host: { ...it.act.host, processes: { ...it.act.host.processes, signal } } };
    const given = order(mailers(1), { kill_after: '5s' });
    const { outcome, reason } = await kill.apply(act, given, await kill.observe(act, given));
    assert.deepEqual(
      [outcome, reason],
      ['failed', 'not signalled: sendmail(101): not permitted; postdrop(102): not permitted'],
    );
    assert.deepEqual(asked, ['TERM 101', 'TERM 102']);
  });

  it('reports how far it is', async () => {
    const it = rig(mailStorm(2));
    it.world.ignoresTerm.add(101);
    await run(it, order(mailers(2), { kill_after: '1s' }));
    assert.deepEqual(it.progress[0], { done: 3, total: 4, text: '3 processes of 4 ended' });
    assert.deepEqual(it.progress.at(-1), { done: 4, total: 4, text: '4 processes of 4 ended' });
  });

  it('cannot be undone', async () => {
    const { outcome, reason } = await kill.revert(rig([]).act, null);
    assert.deepEqual([outcome, reason], ['failed', 'an ended process cannot be brought back']);
  });
});

describe('the signals of kill', () => {
  const text = (signal: string) =>
    `diagnose:\n  - {id: a, processes: {name: nginx}, expect: {count: {at_least: 1}}}\nact:\n  - {id: k, why: w, kill: {targets: $a, signal: ${signal}}}\nverify:\n  - {id: w, processes: {name: nginx}, expect: {count: 0}}\n`;

  it('are those that end a process', async () => {
    for (const signal of ['TERM', 'INT', 'KILL']) assert.deepEqual(await complaints(text(signal)), [], signal);
  });

  it('are no messages: each is an error that says what to write instead', async () => {
    const reload = '`run` the daemon’s own command, for example {argv: [systemctl, reload, NAME], effect: write}';
    const instead = {
      HUP: `most daemons read their configuration again and stay: ${reload}`,
      SIGHUP: `most daemons read their configuration again and stay: ${reload}`,
      USR1: `it is a message to the program, which stays: ${reload}`,
      USR2: `it is a message to the program, which stays: ${reload}`,
      WINCH: `it is a message to the program, which stays: ${reload}`,
      QUIT: `a Java program prints its threads and stays, others dump core: write TERM, or ${reload}`,
      ABRT: 'it writes a core file, which may fill the disk: write TERM or KILL',
      STOP: 'a stopped process stays, with all that it holds: `stop` stops a service, KILL ends a process',
      CONT: 'it wakes a stopped process, which stays: `run` {argv: [kill, -CONT, PID], effect: write}',
    };
    for (const [signal, hint] of Object.entries(instead)) {
      assert.deepEqual(await complaints(text(signal)), [
        `8:49 unknown-word: \`${signal}\` is not a word that \`signal\` knows (${hint})`,
      ]);
    }
    assert.deepEqual(await complaints(text('sigterm')), [
      '8:49 unknown-word: `sigterm` is not a word that `signal` knows (did you mean TERM?)',
    ]);
  });

  it('are no messages in a parameter either', async () => {
    const params = `params:\n  sig: {type: string, default: TERM}\n${text('$sig')}`;
    const [said] = await paramComplaints(params, { sig: 'HUP' });
    assert.match(
      said ?? '',
      /^unknown-word: `HUP` is not a word that `sig` knows \(most daemons read their configuration again/,
    );
  });
});
