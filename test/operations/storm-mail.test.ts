import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FakeWorld } from '../../src/hosts/fake/world.ts';
import { fakeHost } from '../../src/hosts/fake.ts';
import type { RunEvent } from '../../src/model/event.ts';
import { base64Of } from '../../src/model/text/bytes.ts';
import { eventClock } from '../support/event-clock.ts';
import { file } from '../support/hosts/cron-world.ts';
import { live, lookAround, stormWorld } from '../support/hosts/fake-storm.ts';
import { cronLines, queueFile, shopMail } from '../support/hosts/mail.ts';

const MAILDROP = '/var/spool/postfix/maildrop';

/** The founding incident with its own runbook, changed first. */
async function remedied(change: (world: FakeWorld) => void) {
  const clock = eventClock();
  const world = stormWorld(clock);
  change(world);
  const events: RunEvent[] = [];
  const ending = await live({ events, records: new Map(), host: fakeHost(world), clock }, 'begin');
  const open = events.findLast((event) => event.type === 'run.finished')?.open ?? [];
  return { ending, world, open, events };
}

const shop = (world: FakeWorld, count: number) => {
  for (let n = 0; n < count; n += 1)
    world.files.set(`${MAILDROP}/S${n}`, file(shopMail().toString('latin1'), { uid: 33, mode: 0o700 }));
};
const withoutCron = (world: FakeWorld) => {
  for (const path of world.files.keys()) if (path.startsWith(`${MAILDROP}/`)) world.files.delete(path);
};

test("a shop's mail to customers stays, is counted, and is told to be there still", async () => {
  const { ending, world, open } = await remedied((world) => {
    world.users = { ...world.users, 33: 'www-data' };
    shop(world, 137);
  });
  assert.deepEqual([ending.outcome, lookAround(world).mails], ['held', 137]);
  assert.deepEqual(open, [
    'The mail service is still down; find out why, then start it.',
    "Mail that is not cron's lies in maildrop. It was left there, and goes out once the mail service runs: none that holds it; 137 others stay (137 of www-data)",
    'silence-jobs (no mail while Postfix is down) stays until the mail service delivers again; then put back /var/spool/cron/crontabs/root: firebreak rollback run-1 --only silence-jobs',
  ]);
});

test("a maildrop without mail of cron's is not this incident, and nothing is deleted", async () => {
  const { ending, world, events } = await remedied((world) => {
    withoutCron(world);
    shop(world, 1300);
  });
  assert.deepEqual([ending.outcome, lookAround(world).mails], ['not-this-incident', 1300]);
  assert.equal(
    events.some((event) => event.type === 'action.intended'),
    false,
  );
});

test("a mail with cron's words in its body, or in the name of another user, is never deleted", async () => {
  const { ending, world } = await remedied((world) => {
    world.files.set(
      `${MAILDROP}/B1`,
      file(shopMail('Order', cronLines('root')).toString('latin1'), { uid: 33, mode: 0o700 }),
    );
    world.files.set(`${MAILDROP}/B2`, file(queueFile(cronLines('root')).toString('latin1'), { uid: 33, mode: 0o700 }));
    world.files.set(`${MAILDROP}/B3`, file('', { mode: 0o700 }));
  });
  assert.deepEqual([ending.outcome, lookAround(world).mails], ['held', 3]);
});

test('the crontabs are installed once one batch has gone; where that fails no further mail goes', async () => {
  const { ending, world, events } = await remedied((world) => {
    const { commands } = world;
    if (commands)
      world.commands = (request) => (request.argv[0] === 'crontab' ? { exit: 1, stderr: 'no' } : commands(request));
    const root = world.files.get('/var/spool/cron/crontabs/root');
    if (root) root.bytes = base64Of('* * * * * /bin/echo agent check: ok\n');
  });
  const steps = events.flatMap((event) => (event.type === 'action.intended' ? [event.step] : []));
  assert.deepEqual(steps, ['stop-cron', 'kill-mailers', 'free-a-little', 'silence-jobs']);
  assert.equal(lookAround(world).mails, 200);
  assert.notEqual(ending.outcome, 'held');
});

test('space that is used up is the incident as well, also where there is no table of inodes, and is what is looked at in the end', async () => {
  const full = (inodes: { readonly total: number; readonly free: number }) => (world: FakeWorld) =>
    Object.defineProperty(world, 'usage', {
      get: () => ({
        path: '/',
        mount: '/',
        source: '/dev/vda',
        type: 'btrfs',
        space: { total: 1e6, free: lookAround(world).mails > 100 ? 0 : 4e5 },
        inodes,
      }),
    });
  for (const inodes of [
    { total: 0, free: 0 },
    { total: 1000, free: 70 },
  ]) {
    const { ending } = await remedied(full(inodes));
    assert.deepEqual([ending.outcome, ending.reasons], ['held', []]);
  }
});

test('space that stays used up is a recurrence', async () => {
  const { ending } = await remedied((world) =>
    Object.defineProperty(world, 'usage', {
      get: () => ({
        path: '/',
        mount: '/',
        source: '/dev/vda',
        type: 'btrfs',
        space: { total: 1e6, free: 0 },
        inodes: { total: 0, free: 0 },
      }),
    }),
  );
  assert.deepEqual(
    [ending.outcome, ending.reasons[0]],
    ['recurred', 'inodes: wanted space free at least 10%, seen 0 of 1 000 000 (0 %)'],
  );
});

test('a failed Postfix counts as down, like a stopped one', async () => {
  const { ending } = await remedied((world) => {
    const postfix = world.services.get('postfix');
    if (postfix) world.services.set('postfix', { ...postfix, state: 'failed' });
  });
  assert.equal(ending.outcome, 'held');
});
