import type { Diagnosis, PlannedProbe } from '../model/plan.ts';

/** Any decisive no: not this incident. Else any decisive unknown: could not tell, and what was missing is named. */
export function diagnose(probes: readonly PlannedProbe[]): Diagnosis {
  const decisive = probes.filter((probe) => probe.decisive);
  const no = decisive.filter((probe) => probe.truth === 'no');
  if (no.length > 0) return { verdict: 'not-this-incident', reasons: no.map(reasonOf) };
  const unknown = decisive.filter((probe) => probe.truth === 'unknown');
  if (unknown.length > 0) return { verdict: 'unknown', reasons: unknown.map(reasonOf) };
  return { verdict: 'this-incident', reasons: [] };
}

function reasonOf(probe: PlannedProbe): string {
  if (probe.finding?.unknown !== undefined) return `${probe.id}: could not look: ${probe.finding.unknown}`;
  const failed = probe.judgements.filter((judgement) => judgement.truth !== 'yes');
  const seen = failed.map((judgement) => `wanted ${judgement.wanted}, seen ${judgement.seen}`);
  return `${probe.id}: ${seen.join('; ') || (probe.finding?.summary ?? 'not looked')}`;
}
