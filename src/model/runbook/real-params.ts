import type { Host, Result } from '../host.ts';
import type { Json } from '../json.ts';
import type { Refusal } from '../plan.ts';
import type { Permit } from '../policy/permit.ts';
import type { Runbook } from '../runbook.ts';
import { misfit } from './constraint.ts';

interface Asked {
  readonly host: Pick<Host, 'files'>;
  readonly runbook: Pick<Runbook, 'params'>;
  readonly params: Readonly<Record<string, Json>>;
  readonly given: Permit;
}

/**
 * Paths are held to `under` and to the policy's rule by where they lead on this host, and not only by how they are
 * written: links, even root's, may lead out of a folder that a text stays in. Null: they may be used. Only what is held
 * to something is looked at.
 */
export async function misled({ host, runbook, params, given }: Asked): Promise<Refusal | null> {
  for (const { name, under } of runbook.params) {
    const comparator =
      given.kind === 'allowed' && Object.hasOwn(given.rule.params, name) ? given.rule.params[name] : undefined;
    const value = Object.hasOwn(params, name) ? params[name] : undefined;
    if ((under === undefined && comparator === undefined) || value === undefined) continue;
    const real = await realOf(host, value);
    if (!real.ok)
      return {
        outcome: real.code === 'ELOOP' ? 'needs-a-human' : 'inconclusive',
        reasons: [`${name}: ${real.message}`],
      };
    if (under !== undefined) {
      const out = await outside(host, real.value, under);
      if (out !== null) return { outcome: 'needs-a-human', reasons: [`${name}: ${out}`] };
    }
    if (comparator === undefined || given.kind !== 'allowed') continue;
    const fault = misfit(real.value, comparator);
    if (fault !== null)
      return { outcome: 'refused-by-policy', reasons: [`rule ${given.rule.id}: ${name} leads to ${fault}`] };
  }
  return null;
}

/** A value with each path in it as it is without links; what is no path stays as it is. */
async function realOf(host: Asked['host'], value: Json): Promise<Result<{ readonly value: Json }>> {
  if (!Array.isArray(value)) return await realText(host, value);
  const items: Json[] = [];
  for (const item of value as readonly Json[]) {
    const real = await realText(host, item);
    if (!real.ok) return real;
    items.push(real.value);
  }
  return { ok: true, value: items };
}

async function realText(host: Asked['host'], value: Json): Promise<Result<{ readonly value: Json }>> {
  if (typeof value !== 'string' || !value.startsWith('/')) return { ok: true, value };
  const real = await host.files.resolve(value);
  return real.ok ? { ok: true, value: real.real } : real;
}

async function outside(host: Asked['host'], real: Json, under: string): Promise<string | null> {
  const folder = await host.files.resolve(under);
  if (!folder.ok) return `whether it lies below ${under} cannot be told: ${folder.message}`;
  const below = folder.real === '/' ? '/' : `${folder.real}/`;
  if (typeof real === 'string' && real.startsWith(below)) return null;
  return `it leads to ${String(real)}, which does not lie below ${under}; name a path below it`;
}
