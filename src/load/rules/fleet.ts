import { batchFault, parseBatchSize, type Size } from '../../model/fleet/strategy.ts';
import type { Json } from '../../model/json.ts';
import type { Problem } from '../../model/problem.ts';
import { unchecked } from '../../model/read.ts';
import { FLEET } from '../runbook/language.ts';
import { problemAt } from '../text/source.ts';
import type { CheckedDraft } from './checked.ts';

/** Batches that contain no host, or that leave a host out. */
export function fleetRules({ draft: { root, source } }: CheckedDraft): readonly Problem[] {
  const sizes = batchSizes(unchecked(FLEET, root.fleet).batches);
  const fault = sizes === null ? null : batchFault(sizes);
  if (fault === null) return [];
  const complaint = { code: 'bad-batches', message: fault.says, hint: 'for example [1, 5%, 25%, rest]' };
  return [problemAt(source, ['fleet', 'batches', fault.at], 'value', complaint)];
}

/** Null: no batches are given, or some are no sizes, which is already reported. */
function batchSizes(batches: Json | undefined): readonly Size[] | null {
  if (!Array.isArray(batches)) return null;
  const sizes = (batches as readonly Json[]).map((item) => (item === 0 ? undefined : parseBatchSize(String(item))));
  return sizes.length > 0 && sizes.every((size) => size !== undefined) ? sizes : null;
}
