import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Document, Telling } from '../../../src/model/document.ts';
import { withCommand } from '../../../src/model/document.ts';
import { stateOf } from '../../../src/model/state.ts';
import { drawAs, FORMATS, type Format } from '../../../src/views/formats.ts';
import { tellEnd } from '../../../src/views/tell/end.ts';
import { tellFleetEnd } from '../../../src/views/tell/fleet/end.ts';
import { followFleet } from '../../../src/views/tell/fleet/follow.ts';
import { tellReview } from '../../../src/views/tell/fleet/plan.ts';
import { tellLeft } from '../../../src/views/tell/left.ts';
import { tellPlan } from '../../../src/views/tell/plan.ts';
import { demoFleetPlan } from '../../support/fleet/demo-fleet.ts';
import { FLEETS, fleetEvents } from '../../support/fleet/demo-fleet-events.ts';
import { demoEvents } from '../../support/views/demo-events.ts';
import { demoPlan } from '../../support/views/demo-plan.ts';

const told = (document: Document): Telling => ({ document: () => document, record: () => document });
const undo = 'firebreak rollback 20261123-025930-a-run-with-a-rather-long-name-k3f9 --only silence-jobs';
const until = `silence-jobs stays until the mail service runs; then put root's crontab back: ${undo}`;
const find = demoPlan.steps.flatMap((step) =>
  step.kind === 'action' ? (step.observation?.explain ?? step.explain) : [],
);
const held = demoEvents('held');
const half = held.slice(0, held.findIndex((event) => event.type === 'action.intended') + 1);
const fleet = followFleet();
for (const event of fleetEvents(FLEETS.trouble)) fleet.take(event);
const limit = 'firebreak plan cron-mail-storm --inventory hosts.yaml --limit web-1';

/** What is told, and the commands in it that somebody will copy. */
const TELLINGS: Readonly<Record<string, readonly [telling: Telling, commands: readonly string[]]>> = {
  plan: [tellPlan(demoPlan, { command: `${limit} --all` }), [`${limit} --all`, ...find]],
  'the plan of a fleet': [
    tellReview(demoFleetPlan, { command: `firebreak run ${'x'.repeat(150)} -y`, whole: () => limit }),
    [`firebreak run ${'x'.repeat(150)} -y`],
  ],
  'the end of a run with something open': [told(tellEnd({ ...stateOf(held), open: [until] })), [undo]],
  'the end of a fleet': [told(tellFleetEnd(fleet.now)), [`firebreak report ${fleet.now.fleet.run}`]],
  'what is left to a person': [
    told(tellLeft(stateOf(half), demoPlan)),
    [...find.slice(1), `firebreak resume ${held[0]?.run}`],
  ],
  'every node that holds one': [
    told([
      { kind: 'sentence', label: 'To undo it: ', text: [{ command: undo }] },
      { kind: 'fact', label: 'undo', text: [`first look, then `, { command: undo }] },
      { kind: 'items', items: [{ mark: '!', name: 'a-name', text: withCommand(until) }] },
      { kind: 'commands', label: 'by hand', lines: [undo] },
      { kind: 'indent', by: 6, inside: [{ kind: 'commands', lines: [undo] }] },
    ]),
    [undo],
  ],
};

const WIDTHS = Array.from({ length: 181 }, (_, at) => at + 20);

/** How a format writes a command down. */
const written = (format: Format, command: string): string =>
  format === 'json' ? JSON.stringify(command).slice(1, -1) : command;

for (const [name, [telling, commands]] of Object.entries(TELLINGS)) {
  for (const format of FORMATS) {
    test(`no command of ${name} is broken in ${format}, from 20 to 200 columns`, async () => {
      for (const columns of WIDTHS) {
        for (const color of [false, true]) {
          const lines = (await drawAs(format, telling, { columns, color })).split('\n');
          for (const command of commands) {
            const wanted = written(format, command);
            if (format === 'json' && !JSON.stringify(telling.record()).includes(wanted)) continue;
            assert.ok(
              lines.some((line) => line.includes(wanted)),
              `${columns} columns: ${command}\n${lines.join('\n')}`,
            );
          }
        }
      }
    });
  }
}

test('a command is found in a sentence after a colon, and ends where the sentence goes on', () => {
  assert.deepEqual(withCommand('it cannot begin: firebreak prepare, while the host is well'), [
    'it cannot begin: ',
    { command: 'firebreak prepare' },
    ', while the host is well',
  ]);
  assert.deepEqual(withCommand(until).at(-1), { command: undo });
  assert.equal(withCommand('a firebreak run has ended it; ask ada'), 'a firebreak run has ended it; ask ada');
});

test('a command that has no room beside its label gets a line of its own', async () => {
  const document: Document = [{ kind: 'sentence', label: 'To undo it: ', text: [{ command: undo }] }];
  assert.deepEqual(await drawAs('text', told(document), { columns: 60 }), `To undo it:\n    ${undo}\n`);
});
