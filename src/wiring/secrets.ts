import { openVault, type Vault } from '../hosts/vault.ts';

/** Of this process: nothing is opened yet. */
export function secretsHere(env: Readonly<Record<string, string | undefined>>): Vault {
  return openVault({
    env,
    run: async (request, signal) => (await import('../hosts/spawn.ts')).spawnCommand(request, signal),
  });
}
