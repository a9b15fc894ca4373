import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export const CHECKOUT = resolve(import.meta.dirname, '../../..');

/**
 * The rig that builds the real incident: where FIREBREAK_LAB says, beside the checkout, or, for a clone elsewhere, in a
 * folder at the top of the file system. It runs as root, so it must be root's or ours.
 */
export const LAB = [
  process.env.FIREBREAK_LAB,
  join(CHECKOUT, '../shared/lab'),
  ...globSync('/*/shared/lab').filter(isOurs),
].find((folder): folder is string => folder !== undefined && existsSync(join(folder, 'mail-storm')));

function isOurs(folder: string): boolean {
  const { uid, mode } = statSync(folder);
  return (uid === 0 || uid === process.getuid?.()) && (mode & 0o022) === 0;
}

export interface InLab {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A shell script in the storm, in the checkout, with $LAB for the rig's folder and $OUT for what the test gives. */
export async function inStorm(
  script: string,
  { options = [], out = '' }: { options?: readonly string[]; out?: string } = {},
): Promise<InLab> {
  if (LAB === undefined) throw new Error('the lab is not here: set FIREBREAK_LAB to the folder of mail-storm');
  const child = spawn(join(LAB, 'mail-storm'), ['--quiet', ...options, '--', 'sh', '-c', script], {
    cwd: CHECKOUT,
    env: { HOME: process.env.HOME, PATH: `${dirname(process.execPath)}:${process.env.PATH}`, LAB, OUT: out },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (data) => (text.stdout += data));
  child.stderr.setEncoding('utf8').on('data', (data) => (text.stderr += data));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...text };
}
