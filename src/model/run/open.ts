import { type Findings, judgeWith } from '../runbook/scope.ts';
import type { OpenItem } from '../runbook.ts';

/**
 * What stays open, a sentence each. What could not be looked at is neither said to be so nor left out: it is told as
 * not known, with what was missing.
 */
export function whatStaysOpen(items: readonly OpenItem[], findings: Findings): readonly string[] {
  return items.flatMap((item) => {
    const say = withFinding(item, findings);
    if (!item.when) return [say];
    const { truth, judgements } = judgeWith(item.when, findings);
    if (truth === 'no') return [];
    if (truth === 'yes') return [say];
    const missing = judgements
      .filter((judgement) => judgement.truth === 'unknown')
      .map(({ wanted, seen }) => `${wanted}: ${seen}`);
    return [`not known, since nobody could tell (${missing.join('; ')}): ${say}`];
  });
}

/** Adds to the sentence what the step `of` has found. */
function withFinding({ say, of }: OpenItem, findings: Findings): string {
  const seen = of === undefined ? undefined : findings.steps[of]?.finding.summary;
  return seen === undefined ? say : `${say.replace(/\.$/, '')}: ${seen}`;
}
