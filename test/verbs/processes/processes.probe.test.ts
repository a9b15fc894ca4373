import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Host, ProcessRecord } from '../../../src/model/host.ts';
import type { Json } from '../../../src/model/json.ts';
import probe from '../../../src/verbs/processes/processes.probe.ts';
import { mailStorm, processHost, processRecord, processWorld } from '../../support/hosts/fake-processes.ts';
import { quickClock } from '../../support/rehearsal.ts';

const look = async (arg: Json, host: Host) =>
  await probe.look({ host, clock: quickClock(), signal: new AbortController().signal, progress: () => {} }, arg);
const finding = async (arg: Json, ...processes: readonly ProcessRecord[]) =>
  await look(arg, processHost(processWorld(...processes)));

const MAILERS = { name: ['sendmail', 'postdrop'], started_by: ['cron', 'crond'] };

describe('the probe processes', () => {
  it('shows the storm: how many, the chains, who started them, the growth', async () => {
    assert.deepEqual(await finding(MAILERS, ...mailStorm(3)), {
      summary: '6 processes: 3 sendmail, 3 postdrop, started by cron(20); oldest 3 min, 2 a minute',
      measures: { count: 6, oldest: 180_000, newest: 60_000, per_minute: 2, users: 1 },
      detail: { processes: mailStorm(3).filter((each) => each.name !== 'cron') },
      blocks: [
        { kind: 'text', lines: ['3 x cron(20) -> CRON(100) -> sendmail(101) -> postdrop(102)'] },
        {
          kind: 'table',
          title: '3 sendmail, 3 postdrop',
          columns: ['pid', 'age', 'user', 'state', 'command', 'started by'],
          rows: [101, 102, 104, 105, 107, 108].map((pid, n) => [
            String(pid),
            `${3 - Math.floor(n / 2)} min`,
            'root',
            'S',
            n % 2 === 0 ? '/usr/sbin/sendmail' : '/usr/sbin/postdrop',
            'cron(20) by ancestor',
          ]),
        },
      ],
    });
  });

  it('finds no process without an error', async () => {
    assert.deepEqual(await finding(MAILERS), {
      summary: 'no such process',
      measures: { count: 0, oldest: 0, newest: 0, per_minute: 0, users: 0 },
      detail: { processes: [] },
      blocks: [],
    });
  });

  it('counts starts over ten minutes at most, and over one at least', async () => {
    const at = (...ages: readonly number[]) =>
      ages.map((age, n) => processRecord({ pid: 50 + n, name: 'sendmail', age }));
    const rate = async (...ages: readonly number[]) =>
      (await finding({ name: 'sendmail' }, ...at(...ages))).measures.per_minute;
    assert.equal(await rate(100, 200, 300), 3);
    assert.equal(await rate(86_400_000, 60_000, 120_000, 300_000), 0.3);
    assert.equal(await rate(240_000, 1000), 0.5);
  });

  it('shows by what an orphan was recognised', async () => {
    const startedBy = { name: 'cron', pid: 20, by: 'session' } as const;
    const { blocks } = await finding(MAILERS, processRecord({ pid: 7, name: 'postdrop', startedBy }));
    assert.deepEqual(blocks[0], { kind: 'text', lines: ['session of cron(20) -> postdrop(7)'] });
  });

  it('keeps ten kinds of chains and counts the others', async () => {
    const names = Array.from({ length: 13 }, (_, n) => processRecord({ pid: 50 + n, name: `p${n}` }));
    const { blocks } = await finding({ user: 'root' }, ...names);
    assert.ok(blocks[0]?.kind === 'text');
    assert.deepEqual(blocks[0].lines.slice(9), ['p9(59)', 'and 3 other chains']);
  });

  it('takes a bare value for a list of one, a pattern for the arguments and a duration for the age', async () => {
    const processes = [
      processRecord({ pid: 5, name: 'job', args: ['job', '--all'], age: 120_000 }),
      processRecord({ pid: 6, name: 'job', args: ['job', '--all'], age: 1000 }),
      processRecord({ pid: 7, name: 'job', args: ['job', '--one'], age: 120_000 }),
    ];
    const found = await finding(
      { name: 'job', args: { matches: '--all$' }, older_than: '1m', state: 'S', user: 'root' },
      ...processes,
    );
    assert.deepEqual(found.detail, { processes: processes.slice(0, 1) });
  });

  it('does not know where it may not look, and shows what it saw', async () => {
    const host = processHost(processWorld());
    const seen = processRecord({ pid: 5, name: 'sendmail' });
    const list: Host['processes']['list'] = async () => ({ ok: true, processes: [seen], unreadable: 12 });
    const found = await look(MAILERS, { ...host, processes: { ...host.processes, list } });
    assert.deepEqual(found.measures, { count: null, oldest: null, newest: null, per_minute: null, users: null });
    assert.match(found.unknown ?? '', /^12 processes or more may not be looked at: run it as root/);
    assert.deepEqual(found.detail, { processes: [seen] });
  });

  it('does not know where the host cannot list', async () => {
    const host = processHost(processWorld());
    const list: Host['processes']['list'] = async () => ({ ok: false, code: 'ENOTSUP', message: '/proc is not ours' });
    const found = await look(MAILERS, { ...host, processes: { ...host.processes, list } });
    assert.equal(found.unknown, '/proc is not ours');
  });

  it('says what a person could type', () => {
    assert.deepEqual(probe.explain(MAILERS), [
      'ps -o pid,ppid,sid,etime,user,stat,args -C sendmail,postdrop',
      'pstree -ap    # who started them',
    ]);
    assert.deepEqual(
      probe.explain({ name: "a'; reboot" })[0],
      "ps -o pid,ppid,sid,etime,user,stat,args -C 'a'\\''; reboot'",
    );
  });
});
