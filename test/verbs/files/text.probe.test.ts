import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from '../../../src/model/json.ts';
import text from '../../../src/verbs/files/text.probe.ts';
import { actOn } from '../../support/act.ts';
import { emptyWorld } from '../../support/hosts/fake-world.ts';
import { put } from '../../support/hosts/files-world.ts';

function look(content: string | null, arg: object) {
  const world = emptyWorld();
  if (content !== null) put(world, '/etc/x', { bytes: Buffer.from(content).toString('base64') });
  return text.look(actOn(world), { file: '/etc/x', ...arg } as Json);
}

test('the lines that match are counted and shown with their numbers', async () => {
  const { detail: _, ...finding } = await look('# head\nMAILTO=root\nx\nMAILTO=""', { matches: '^MAILTO=' });
  assert.deepEqual(finding, {
    summary: '2 lines of 4 lines of /etc/x match',
    measures: { matches: 2, exists: true },
    blocks: [
      {
        kind: 'table',
        title: '/etc/x: 2 lines',
        columns: ['line', 'text'],
        rows: [
          ['2', 'MAILTO=root'],
          ['4', 'MAILTO=""'],
        ],
      },
    ],
  });
});

test('a text is sought as it stands, also beyond ASCII', async () => {
  const { measures } = await look('a.c\nabc\nGrüße\n', { contains: 'a.c' });
  assert.equal(measures.matches, 1);
  assert.equal((await look('Grüße\n', { contains: 'üß' })).measures.matches, 1);
  assert.equal((await look('Grüße\n', { matches: '^Gr..e$' })).measures.matches, 1);
});

test('a file that is not there has no such line; one that cannot be read is unknown', async () => {
  assert.deepEqual((await look(null, { matches: 'x' })).measures, { matches: 0, exists: false });
  const world = emptyWorld();
  put(world, '/etc/x', { type: 'fifo' });
  const finding = await text.look(actOn(world), { file: '/etc/x', matches: 'x' });
  assert.deepEqual([finding.unknown, finding.measures.matches], ['/etc/x is not a regular file', null]);
});

test('an empty file has no line', async () => {
  assert.equal((await look('', { matches: '^' })).summary, '0 lines of 0 lines of /etc/x match');
});
