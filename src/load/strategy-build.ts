import { isObject, type Json } from '../model/json.ts';
import { duration } from '../model/quantity.ts';
import { ORDERS, parseFailures, type Strategy } from '../model/strategy.ts';
import { batchSizes } from './rules/fleet.ts';

/** The runbook's `fleet:` as far as it says anything. */
export function buildStrategy(json: Json | undefined): Partial<Strategy> {
  if (!isObject(json)) return {};
  const batches = batchSizes(json);
  const failures = json.max_failures === undefined ? undefined : parseFailures(String(json.max_failures));
  const order = ORDERS.find((word) => word === json.order);
  return {
    ...(batches && { batches }),
    ...(typeof json.at_once === 'number' && { atOnce: json.at_once }),
    ...(json.pause !== undefined && { pause: duration(json.pause, 0) }),
    ...(failures && { failures }),
    ...(order && { order }),
  };
}
