import type { Json } from '../model/json.ts';
import type { OutcomeName } from '../model/outcome.ts';
import { secretsOf } from '../model/runbook/scope.ts';
import type { Runbook } from '../model/runbook.ts';
import type { Secrets } from '../model/secret.ts';

/** Why nothing may be begun with these secrets. */
export interface Unfit {
  readonly outcome: OutcomeName;
  readonly reason: string;
  /** Of the failure, where the host could not be reached: `unreachable`, `host-key`, `auth` ... */
  readonly code?: string;
}

interface Using {
  readonly runbook: Runbook;
  readonly params: Readonly<Record<string, Json>>;
}

/**
 * Reads the secrets before the first look and the first event: an unknown value cannot be kept out of them, and it is
 * better to miss a secret now than later, with a service stopped.
 */
export async function learnSecrets(
  { runbook, params }: Using,
  secrets: Secrets,
  signal: AbortSignal,
): Promise<Unfit | null> {
  const missing = await secrets.learn(secretsOf(runbook, params), signal);
  if (missing !== null) return { outcome: 'no-such-file', reason: missing };
  const { path, text } = runbook.source;
  if (secrets.redact(text) === text) return null;
  return {
    outcome: 'invalid-runbook',
    reason: `${path} itself holds the value of one of its secrets: take it out of the runbook`,
  };
}
