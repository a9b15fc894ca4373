import { createHash } from 'node:crypto';
import type { Catalogue } from '../model/ports.ts';

export interface LoadRequest {
  /** For messages, and for the runbook's `source`; nothing is read from it. */
  readonly path: string;
  readonly text: string;
  readonly catalogue: Catalogue;
  /** Finds the runbooks that `runbook: {use: ...}` names; without it none is found. */
  readonly library?: Library;
}

/** Finds another runbook's text by its name; null where there is none. */
export type Library = (name: string) => Promise<{ readonly path: string; readonly text: string } | null>;

/** The SHA-256 of the text's bytes, hexadecimal: what a runbook or a policy is known by. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
