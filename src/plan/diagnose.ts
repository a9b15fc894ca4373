import type { Diagnosis, PlannedProbe } from '../model/plan.ts';

/**
 * One deciding "no" means: not this incident. Otherwise one deciding "unknown" means: unknown, and the missing finding
 * is named. If no look decides, there is no incident to act on.
 */
export function diagnose(probes: readonly PlannedProbe[], acts: boolean): Diagnosis {
  const decisive = probes.filter((probe) => probe.decisive);
  const no = decisive.filter((probe) => probe.truth === 'no');
  if (no.length > 0) return { verdict: 'not-this-incident', reasons: no.map(reasonOf) };
  const unknown = decisive.filter((probe) => probe.truth === 'unknown');
  if (unknown.length > 0) return { verdict: 'unknown', reasons: unknown.map(reasonOf) };
  // A runbook that acts has a diagnosis that decides: the loader lets no other pass.
  if (decisive.some((probe) => probe.truth === 'yes') || (acts && probes.length === 0))
    return { verdict: 'this-incident', reasons: [] };
  if (!acts && decisive.length === 0) return { verdict: 'looked-only', reasons: [] };
  return {
    verdict: 'unknown',
    reasons: decisive.length === 0 ? ['no step of the diagnosis decides'] : decisive.map(notLooked),
  };
}

function reasonOf(probe: PlannedProbe): string {
  if (probe.finding?.unknown !== undefined) return `${probe.id}: could not look: ${probe.finding.unknown}`;
  if (probe.finding === null && probe.judgements.length > 0)
    return `${probe.id}: not looked at, since its \`when\` cannot be told: ${probe.judgements.map(({ wanted, seen }) => `${wanted} (${seen})`).join('; ')}`;
  const failed = probe.judgements.filter((judgement) => judgement.truth !== 'yes');
  const seen = failed.map((judgement) => `wanted ${judgement.wanted}, seen ${judgement.seen}`);
  return `${probe.id}: ${seen.join('; ') || (probe.finding?.summary ?? 'not looked')}`;
}

function notLooked({ id }: PlannedProbe): string {
  return `${id}: it would decide, and was not looked at, since its \`when\` does not hold`;
}
