import type { ServiceState, Services } from './host.ts';
import { isObject, type Json, listOf } from './json.ts';

/** The names that a `service: {name}` or `{first_of}` argument means, in the author's order. */
export function serviceNames(arg: Json): readonly string[] {
  if (!isObject(arg)) return typeof arg === 'string' ? [arg] : [];
  return listOf(arg.name ?? arg.first_of ?? undefined).filter((name) => typeof name === 'string');
}

/** The first that exists on the host; otherwise the names that were tried. */
export async function findService(
  services: Pick<Services, 'state'>,
  arg: Json,
): Promise<{ state: ServiceState } | { tried: readonly string[] }> {
  const tried = serviceNames(arg);
  for (const name of tried) {
    const state = await services.state(name);
    if (state.exists) return { state };
  }
  return { tried };
}

/** `there is no service crond or cron here`. */
export function noService(tried: readonly string[]): string {
  return `there is no service ${tried.join(' or ')} here`;
}
