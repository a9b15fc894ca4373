import type { OpenLease } from './state.ts';

/** What is to be expected of a lease that is neither released nor restored, in a sentence. A reboot ends a lease, and starts what is enabled. */
export function sayLease({ service, deadline, say }: OpenLease): string {
  if (deadline === null) return `nothing but the run watched over ${service}, so look whether it runs: ${say}`;
  return `${service} starts again by ${/T(\d\d:\d\d:\d\d)/.exec(deadline.at)?.[1] ?? deadline.at} UTC`;
}
