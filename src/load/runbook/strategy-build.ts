import { parseBatchSize, parseFailures, type Strategy } from '../../model/fleet/strategy.ts';
import type { Infer } from '../../model/runbook/shape.ts';
import type { FLEET } from './language.ts';

/** The runbook's `fleet:` as far as it says anything. */
export function buildStrategy({
  batches,
  at_once,
  pause,
  max_failures,
  order,
}: Infer<typeof FLEET>): Partial<Strategy> {
  const failures = max_failures === undefined ? undefined : parseFailures(String(max_failures));
  return {
    ...(batches && { batches: batches.flatMap((size) => parseBatchSize(String(size)) ?? []) }),
    ...(at_once !== undefined && { atOnce: at_once }),
    ...(pause !== undefined && { pause }),
    ...(failures && { failures }),
    ...(order && { order }),
  };
}
