import { createHash } from 'node:crypto';

/** The SHA-256 of the text's bytes, hexadecimal: what a runbook or a policy is known by. */
export function hashOfText(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
