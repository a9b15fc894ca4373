import { hostname } from 'node:os';
import { localHost } from '../hosts/local.ts';
import { readOnly } from '../hosts/read-only.ts';
import type { Host } from '../model/host.ts';

/** The host of a run, and the same one refusing every change. */
export function hostsHere(): { readonly host: Host; readonly readOnlyHost: Host } {
  const host = localHost(hostname());
  return { host, readOnlyHost: readOnly(host) };
}
