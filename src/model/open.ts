import type { OpenItem } from './runbook.ts';
import { type Findings, judgeWith } from './scope.ts';

/** What stays open, a sentence each. What could not be looked at is neither said to be so nor left out: it is told as not known, with what was missing. */
export function openItems(items: readonly OpenItem[], findings: Findings): readonly string[] {
  return items.flatMap((item) => {
    if (!item.when) return [item.say];
    const { truth, judgements } = judgeWith(item.when, findings);
    if (truth === 'no') return [];
    if (truth === 'yes') return [item.say];
    const missing = judgements.filter((judgement) => judgement.truth === 'unknown').map(({ wanted, seen }) => `${wanted}: ${seen}`);
    return [`not known, since nobody could tell (${missing.join('; ')}): ${item.say}`];
  });
}
