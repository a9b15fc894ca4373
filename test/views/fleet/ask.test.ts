import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { FleetUndo, NextBatch } from '../../../src/model/fleet/ports.ts';
import type { Choosing } from '../../../src/views/ask.ts';
import { fleetAskWith } from '../../../src/views/fleet/ask.ts';
import { fleetTerminal } from '../../../src/views/fleet/terminal.ts';
import { demoFleetPlan } from '../../support/fleet/demo-fleet.ts';
import { FLEETS, fleetEvents, named } from '../../support/fleet/demo-fleet-events.ts';
import { fakeFleet } from '../../support/fleet/fake-fleet.ts';
import { fakeTerminal, shows } from '../../support/views/fake-terminal.ts';
import { sameAsFixture } from '../../support/views/golden.ts';
import { DEFAULT, personAt } from '../../support/views/person.ts';

function person(...replies: Parameters<typeof personAt>[1]) {
  const { prompts, ...seen } = personAt(80, replies);
  return { ...seen, ask: fleetAskWith(prompts) };
}

const QUIT = { choice: 'quit', reason: null };
const GONE = { choice: 'quit', reason: 'interrupted' };
const RUN = { choice: 'run', reason: null };

const NEXT: NextBatch = {
  batch: 2,
  of: 4,
  hosts: named('web-', 9),
  ended: [
    { host: 'canary-1', run: 'r1', outcome: 'held', verdict: 'held', reasons: [] },
    {
      host: 'canary-2',
      run: 'r2',
      outcome: 'recurred',
      verdict: 'recurred',
      reasons: ['mail: wanted growth at most 0, seen 2'],
    },
  ],
};
const UNDO: FleetUndo = {
  hosts: ['web-1'],
  why: 'the canary recurred',
  steps: ['start-cron: stop cron again'],
  dangerous: null,
};

test('many hosts are acted on once their number is typed; another number is asked for again', async () => {
  const { ask, screen, asked } = person('run', '39', '40');
  assert.deepEqual(await ask.approve(demoFleetPlan), RUN);
  assert.equal(screen.at(-1), '> that is not 40; no host has been touched');
  assert.equal(
    asked[1]?.message,
    'kill-mailers, empty-maildrop cannot be undone. Type the number of hosts, 40, to run it (empty: back):',
  );
});

test('the question comes below the whole plan, and shows every host by name if asked to', async () => {
  const { ask, screen, asked } = person('show all', 'quit');
  assert.deepEqual(await ask.approve(demoFleetPlan), QUIT);
  const text = screen.join('\n');
  assert.ok(text.startsWith('\nPLAN  cron-mail-storm 1.0.0 on 43 hosts\n') && /\n {2}web-1 +web-2 /.test(text));
  assert.deepEqual(
    (asked[0] as Choosing<string>).choices.map(({ value, about }) => `${value}: ${about}`),
    [
      'run: begins with 1 host: web-1',
      'show all: every host by name, then ask again',
      'quit: end here; no host has been touched',
    ],
  );
});

test('Enter alone, or Ctrl-C, never begins a host and never undoes one', async () => {
  assert.deepEqual(await person(DEFAULT, 'run', DEFAULT, null).ask.approve(demoFleetPlan), GONE);
  assert.deepEqual(await person('run', null).ask.approve(demoFleetPlan), GONE);
  assert.deepEqual(await person(DEFAULT).ask.next(NEXT), QUIT);
  assert.deepEqual(await person(null).ask.next(NEXT), GONE);
  assert.equal(await person(DEFAULT).ask.undo(UNDO), 'leave');
  assert.equal(await person(DEFAULT).ask.undo({ ...UNDO, dangerous: 'cron mails again' }), 'leave');
  assert.deepEqual(await person(DEFAULT, DEFAULT).ask.confirm({ host: 'h', step: 's', text: 't' }), {
    done: false,
    reason: null,
  });
});

test('before the next batch a person sees what verify said of those before', async () => {
  const { ask, screen } = person('go on');
  assert.deepEqual(await ask.next(NEXT), RUN);
  sameAsFixture('views/fleet/ask-next.txt', `${screen.join('\n')}\n`);
});

test('an undo that would bring the incident back needs the word typed', async () => {
  assert.equal(await person('undo').ask.undo(UNDO), 'undo');
  const { ask, screen } = person('yes', 'undo');
  assert.equal(await ask.undo({ ...UNDO, dangerous: 'cron mails again' }), 'undo');
  assert.deepEqual(screen.slice(-2), ['  ! cron mails again', '> undo, or nothing']);
});

test('hostile names and reasons are written out in every question', async () => {
  const evil = '\u001b[2J\nweb';
  const { ask, screen, asked } = person('quit', 'stop here', 'leave', 'not done', DEFAULT);
  const plans = demoFleetPlan.plans.map((one) => ({ ...one, host: evil }));
  await ask.approve({ ...demoFleetPlan, plans, batches: [[evil]], runbook: { ...demoFleetPlan.runbook, name: evil } });
  await ask.next({
    ...NEXT,
    hosts: [evil],
    ended: [{ host: evil, run: null, outcome: 'bug', verdict: null, reasons: [evil] }],
  });
  await ask.undo({ hosts: [evil], why: evil, steps: [evil], dangerous: null });
  await ask.confirm({ host: evil, step: evil, text: evil });
  const words = asked.flatMap((question) => [
    question.message,
    ...('choices' in question ? question.choices.map(({ about }) => about) : []),
  ]);
  assert.doesNotMatch([...screen, ...words].join(''), /[\p{Cc}\p{Cf}]/u);
});

// ---------------------------------------------------------------- on a terminal

const never = { signal: new AbortController().signal };

test('on a terminal other hosts go on while a person is asked, and are told of afterwards', {
  timeout: 60_000,
}, async () => {
  const { streams, drawn, type } = fakeTerminal();
  const view = await fleetTerminal({ streams, interrupts: never });
  const events = fleetEvents(FLEETS.trouble);
  const lost = events.findIndex((event) => event.type === 'host.finished' && event.host === 'web-7');
  for (const event of events.slice(0, lost)) await view.show(event);
  const answer = view.ask.undo(UNDO);
  await shows(drawn, 'Undo what was done?');
  await view.show(events[lost] ?? assert.fail('web-7 is lost'));
  assert.doesNotMatch(drawn(), /connection was lost/);
  type('undo\r');
  assert.equal(await answer, 'undo');
  assert.match(stripVTControlCharacters(drawn()), /✘ web-7 {2}outcome unknown: the connection was lost/);
  await view.close();
});

test('a whole attended fleet run: the plan, the number typed, each further batch on its word, and the end', {
  timeout: 60_000,
}, async () => {
  const { streams, drawn, type } = fakeTerminal({ rows: 60 });
  const { ask, ...view } = await fleetTerminal({ streams, interrupts: never });
  const fleet = fakeFleet({ hosts: 3, ask, onEvent: (event) => void view.show(event) });
  const ended = fleet.run();
  await shows(drawn, 'on 3 hosts: what now?');
  type('run\r');
  await shows(drawn, 'empty-maildrop cannot be undone');
  assert.equal(fleet.runs.size, 0, 'no host has been begun');
  type('3\r');
  await shows(drawn, 'Go on with 2 hosts?');
  assert.equal(fleet.runs.size, 1, 'the canary alone');
  type('go on\r');
  assert.equal((await ended).outcome, 'held');
  await view.close();
  const text = stripVTControlCharacters(drawn());
  for (const line of [
    'PLAN  cron-mail-storm',
    '✔ web-1: held',
    '✔ batch 2: 2 held',
    '✔ 3 held',
    'firebreak report fleet-1',
  ])
    assert.ok(text.includes(line), line);
});

test('whoever stops after the canary leaves the others untouched', { timeout: 60_000 }, async () => {
  const { streams, drawn, type } = fakeTerminal({ rows: 60 });
  const { ask, ...view } = await fleetTerminal({ streams, interrupts: never });
  const fleet = fakeFleet({ hosts: 3, ask, onEvent: (event) => void view.show(event) });
  const ended = fleet.run();
  await shows(drawn, 'on 3 hosts: what now?');
  type('run\r');
  await shows(drawn, 'empty-maildrop cannot be undone');
  type('3\r');
  await shows(drawn, 'Go on with 2 hosts?');
  type('\r');
  assert.equal((await ended).outcome, 'interrupted');
  await view.close();
  assert.equal(fleet.runs.size, 1);
  assert.match(
    stripVTControlCharacters(drawn()),
    /· 2 not begun {2}web-2, web-3[\s\S]*INTERRUPTED[\s\S]*To go on: firebreak resume fleet-1/,
  );
});

test('a dumb terminal gets lines, and nothing that moves its cursor', async () => {
  const { streams, drawn } = fakeTerminal();
  const view = await fleetTerminal({ streams, interrupts: never, dumb: true, color: true });
  for (const event of fleetEvents(FLEETS.held)) await view.show(event);
  await view.close();
  assert.doesNotMatch(drawn(), /\x1b/);
  assert.match(drawn(), / {2}web-1 +held +killed 42 processes/);
});

test('it is not constructed without a terminal on both ends', async () => {
  for (const side of ['stdin', 'stderr'] as const) {
    const { streams } = fakeTerminal();
    Object.assign(streams[side], { isTTY: false });
    await assert.rejects(fleetTerminal({ streams, interrupts: never }), /needs a terminal on both ends/);
  }
});
