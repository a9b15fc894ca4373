import type { OpenLease } from '../state.ts';

type Said = Pick<OpenLease, 'service' | 'deadline' | 'say'>;

/**
 * What is to be expected of a lease that is neither released nor restored, in a sentence. A reboot ends a lease, and
 * starts what is enabled.
 */
export function sayLease({ service, deadline, say }: Said): string {
  if (deadline === null) return `nothing but the run watched over ${service}, so look whether it runs: ${say}`;
  return `${service} starts again by ${clockOf(deadline.at)} UTC`;
}

/** The same, of a host that nobody can reach just now. */
export function sayKept(lease: Said, host: string): string {
  const { service, deadline } = lease;
  return deadline === null
    ? sayLease(lease)
    : `${service} is started again by ${host} itself by ${clockOf(deadline.at)} UTC`;
}

const clockOf = (at: string): string => /T(\d\d:\d\d:\d\d)/.exec(at)?.[1] ?? at;
