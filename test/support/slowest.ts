import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';

/** A part of a suite: a file of tests or a fault. */
export interface Part {
  readonly milliseconds: number;
  readonly name: string;
}

/** Lines for the ten parts that took the most time. `.ci/run` looks for lines of this form. */
export function slowest(parts: readonly Part[]): string {
  const first = parts.toSorted((one, other) => other.milliseconds - one.milliseconds).slice(0, 10);
  return first
    .map(({ milliseconds, name }) => `part ${(milliseconds / 1000).toFixed(1).padStart(7)} s  ${name}\n`)
    .join('');
}

/** A reporter of node's test runner, beside `spec`: the ten slowest files, at the end. */
export default async function* (events: AsyncIterable<TestEvent>): AsyncGenerator<string, void> {
  const parts: Part[] = [];
  for await (const { type, data } of events) {
    if (type === 'test:summary' && data.file !== undefined)
      parts.push({ milliseconds: data.duration_ms, name: relative(process.cwd(), data.file) });
  }
  yield slowest(parts);
}
