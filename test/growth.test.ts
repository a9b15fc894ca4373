import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertNoSquare, processorTime } from './support/growth.ts';

const SIZE = 8000;

function spin(steps: number): number {
  let sum = 0;
  for (let n = 0; n < steps; n += 1) sum = (sum * 31 + n) % 65_521;
  return sum;
}

test('work that costs the square of its input is caught, and work that costs its share is not', async () => {
  const square = (share: number) => spin((SIZE * share) ** 2);
  const straight = (share: number) => spin(SIZE * share * 1000);
  const floor = await processorTime(() => spin(SIZE * 10));
  await assertNoSquare('straight', floor, straight);
  await assert.rejects(
    assertNoSquare('square', floor, square),
    /^AssertionError.*: square: \d+ ms of processor time, \d+ ms for a quarter of it$/,
  );
});
