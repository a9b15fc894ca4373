import { wordsOf } from '../_limit.ts';

/**
 * Whether a fleet is meant, be it of one host: a list of hosts, an inventory, or several names. One `--host` alone is a
 * run on that host.
 */
export function isFleet({ host, hosts, inventory }: Readonly<Record<string, unknown>>): boolean {
  return hosts !== undefined || inventory !== undefined || wordsOf(host).length > 1;
}
