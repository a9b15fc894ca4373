import type { OpenLease } from '../state.ts';

type Said = Pick<OpenLease, 'service' | 'deadline' | 'say'>;

/**
 * Tells in a sentence what a lease will do that is neither released nor restored. A reboot ends a lease, and starts the
 * services that are enabled.
 */
export function sayLease({ service, deadline, say }: Said): string {
  if (deadline === null) return `nothing but the run watched over ${service}, so look whether it runs: ${say}`;
  return `${service} starts again by ${clockOf(deadline.at)} UTC`;
}

/** The same for a host that cannot be reached now. */
export function sayKept(lease: Said, host: string): string {
  const { service, deadline } = lease;
  return deadline === null
    ? sayLease(lease)
    : `${service} is started again by ${host} itself by ${clockOf(deadline.at)} UTC`;
}

const clockOf = (at: string): string => /T(\d\d:\d\d:\d\d)/.exec(at)?.[1] ?? at;
