import { hostname } from 'node:os';
import { localHost } from '../hosts/local.ts';
import { readOnly } from '../hosts/read-only.ts';
import type { Vault } from '../hosts/vault.ts';
import { withSecrets } from '../hosts/with-secrets.ts';
import type { Host } from '../model/host.ts';

/** The host of a run, and the same one refusing every change. */
export function hostsHere(secrets?: Vault): { readonly host: Host; readonly readOnlyHost: Host } {
  const bare = localHost(hostname());
  const host = secrets === undefined ? bare : withSecrets(bare, secrets);
  return { host, readOnlyHost: readOnly(host) };
}
