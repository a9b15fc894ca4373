import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Compares a whole output with test/fixtures/NAME. `UPDATE_FIXTURES=1 node --test ...` writes it anew: read the diff
 * before it is committed.
 */
export function sameAsFixture(name: string, text: string): void {
  const path = fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));
  if (process.env.UPDATE_FIXTURES === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  assert.equal(text, readFileSync(path, 'utf8'));
}
