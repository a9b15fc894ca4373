import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));

/** A runbook of the library that can be rehearsed has a folder `NAME.drill` beside it. */
export function drillNames(): readonly string[] {
  return readdirSync(`${PACKAGE}runbooks`)
    .filter((name) => name.endsWith('.drill'))
    .map((name) => name.slice(0, -'.drill'.length))
    .sort();
}

export const drillFolder = (runbook: string): string => `${PACKAGE}runbooks/${runbook}.drill`;

export const launcher = (): string => `${PACKAGE}bin/firebreak`;
