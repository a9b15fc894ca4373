import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openJournal } from '../../src/journal/append.ts';
import type { Fact } from '../../src/model/event.ts';
import { changedHosts, tooOften } from '../../src/model/policy/pace.ts';
import { triggerOf } from '../../src/wiring/trigger.ts';
import { temporaryFolder } from '../support/folder.ts';
import { ruleOf } from '../support/policies.ts';
import { HELD } from '../support/story.ts';

const RUNBOOK = 'cron-mail-storm';

/** The run of a host that has just held, as its journal tells it. */
async function heldOn(state: string, host: string, now: number): Promise<void> {
  const run = `20261123-165504-cron-mail-storm-${host}`;
  const opened = await openJournal({ places: [{ path: state, home: true }], uid: process.getuid?.() ?? 0, run });
  if (!opened.ok) throw new Error(opened.message);
  for (const [at, fact] of (HELD as readonly Fact[]).entries()) {
    const stamp = { v: 1 as const, seq: at + 1, at: new Date(now - 60_000 + at).toISOString(), mono: at, run, host };
    await opened.journal.append({ ...stamp, ...fact }, { light: false });
  }
  await opened.journal.close();
}

test('earlier runs count for their own host, and each changed host of today counts once', async (context) => {
  const state = join(temporaryFolder(context), 'state');
  const now = Date.now();
  for (const host of ['host1', 'host2', 'host3']) await heldOn(state, host, now);
  const rule = ruleOf({ id: 'storm', runbook: RUNBOOK, coolDown: 3_600_000, runs: { anHour: 1 } });
  const policy = { rules: [rule], freeze: [], source: { path: 'policy.yaml', hash: 'hash' } };
  const starter = { env: { FIREBREAK_STATE: state }, uid: process.getuid?.() ?? 0, home: '/nonexistent', user: 'ada' };
  const trigger = triggerOf(starter, { policy, runbook: RUNBOOK });
  const runbook = { name: RUNBOOK } as Parameters<typeof tooOften>[2]['runbook'];
  const refusalOn = (host: string) =>
    tooOften({ kind: 'unattended', policy, trigger }, { kind: 'allowed', rule }, { runbook, params: {}, host, at: now })
      ?.outcome ?? null;
  assert.deepEqual([refusalOn('host3'), refusalOn('host4')], ['needs-a-human', null]);
  assert.deepEqual([...changedHosts(trigger.past, { runbook, at: now })].sort(), ['host1', 'host2', 'host3']);
});

test('a journal is read again once more was written to it', async (context) => {
  const state = join(temporaryFolder(context), 'state');
  const now = Date.now();
  const rule = ruleOf({ id: 'storm', runbook: RUNBOOK, coolDown: 3_600_000 });
  const policy = { rules: [rule], freeze: [], source: { path: 'policy.yaml', hash: 'hash' } };
  const starter = { env: { FIREBREAK_STATE: state }, uid: process.getuid?.() ?? 0, home: '/nonexistent', user: 'ada' };
  const hosts = () => triggerOf(starter, { policy, runbook: RUNBOOK }).past.map(({ host }) => host);
  assert.deepEqual(hosts(), []);
  const opened = await openJournal({
    places: [{ path: state, home: true }],
    uid: starter.uid,
    run: '20261123-165504-cron-mail-storm-late',
  });
  if (!opened.ok) throw new Error(opened.message);
  assert.deepEqual(hosts(), [null]);
  const [started] = HELD as readonly Fact[];
  const stamp = {
    v: 1 as const,
    seq: 1,
    at: new Date(now).toISOString(),
    mono: 1,
    run: opened.journal.run,
    host: 'host9',
  };
  if (started) await opened.journal.append({ ...stamp, ...started }, { light: false });
  assert.deepEqual(hosts(), ['host9']);
  await opened.journal.close();
});
