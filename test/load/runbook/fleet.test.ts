import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brief, load, STORM } from '../storm.ts';

/** With a `fleet:` in the line behind the limits. */
const withFleet = (fleet: string) => load(STORM.replace('diagnose:', `fleet: ${fleet}\ndiagnose:`));

async function problems(fleet: string): Promise<readonly string[]> {
  const loaded = await withFleet(fleet);
  return loaded.ok ? [] : loaded.problems.map(brief);
}

test('a runbook tells with `fleet:` how it goes through hosts, and may tell only a part of it', async () => {
  const fleet = async (text: string) => {
    const loaded = await withFleet(text);
    return loaded.ok ? loaded.value.fleet : assert.fail(JSON.stringify(loaded.problems));
  };
  assert.deepEqual(
    await fleet('{batches: [1, 5%, 25%, rest], at_once: 20, pause: 30s, max_failures: 2, order: name}'),
    {
      batches: [
        { kind: 'hosts', count: 1 },
        { kind: 'share', percent: 5 },
        { kind: 'share', percent: 25 },
        { kind: 'rest' },
      ],
      atOnce: 20,
      pause: 30_000,
      failures: { kind: 'hosts', count: 2 },
      order: 'name',
    },
  );
  assert.deepEqual(await fleet('{max_failures: 5%}'), { failures: { kind: 'share', percent: 5 } });
  assert.deepEqual(await fleet('{}'), {});
});

test('a mistake in it is told at its place', async () => {
  const found = {
    '{batchs: [rest]}': ['15:9+6 unknown-key (batches)'],
    '{batches: []}': ['15:18+2 missing-value'],
    '{batches: [1, 5%]}': ['15:22+2 bad-batches'],
    '{batches: [1, rest, 5%]}': ['15:28+2 bad-batches'],
    '{batches: [25%, 5%, rest]}': ['15:24+2 bad-batches'],
    '{batches: [0, rest]}': ['15:19+1 out-of-range'],
    '{batches: [1, most]}': ['15:22+4 bad-value'],
    '{batches: rest}': ['15:18+4 wrong-type'],
    '{at_once: 0}': ['15:18+1 out-of-range'],
    '{at_once: $least}': ['15:18+6 reference-not-allowed'],
    '{pause: 30}': ['15:16+2 bad-duration'],
    '{max_failures: -1}': ['15:23+2 out-of-range'],
    '{max_failures: rest}': ['15:23+4 bad-value'],
    '{order: random}': ['15:16+6 unknown-word'],
  };
  for (const [text, expected] of Object.entries(found)) assert.deepEqual(await problems(text), expected, text);
});
