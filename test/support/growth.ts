import assert from 'node:assert/strict';

/** Processor time of some work in milliseconds: the machine may be busy with other things. */
export async function processorTime(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/**
 * Four times the input may cost four times as much, and as much again for caches and the collector. Sixteen times is
 * what a square costs.
 */
const TIMES = 4;
const ALLOWED = 10;
const TRIES = 3;

/**
 * Work on a whole input costs no more than its share of work on a quarter of it. No time is asserted: a slow machine is
 * slow for both. `floor` is the processor time of something small of the same kind in the same process; what is below
 * it is noise. The smallest of some tries counts.
 */
export async function assertNoSquare(what: string, floor: number, work: (share: number) => unknown): Promise<void> {
  let [quarter, whole] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let n = 0; n < TRIES; n++) {
    whole = Math.min(whole, await processorTime(() => work(1)));
    if (whole <= ALLOWED * floor) return;
    quarter = Math.min(quarter, await processorTime(() => work(1 / TIMES)));
    if (whole <= ALLOWED * Math.max(quarter, floor)) return;
  }
  assert.fail(`${what}: ${Math.round(whole)} ms of processor time, ${Math.round(quarter)} ms for a quarter of it`);
}
