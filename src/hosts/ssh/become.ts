import { randomBytes } from 'node:crypto';
import { type Failure, failure } from '../../model/host.ts';
import { elevate } from './far-side.ts';
import type { Wire } from './wire.ts';

/** Root through sudo. */
export interface Become {
  /**
   * Null: sudo must ask for no password. Otherwise it is called once, when sudo asks; it returns null if there is no
   * password.
   */
  readonly password: (() => Promise<string | null>) | null;
}

/**
 * Null: we are root, or the next answer tells. The password goes to stdin when sudo asks for it, and never twice: a
 * second wrong one may lock the account.
 */
export async function elevated(
  wire: Wire,
  options: { name: string; sh: string; user: () => string; become: Become },
): Promise<Failure | null> {
  const { name, sh, user, become } = options;
  const ready = randomBytes(16).toString('hex');
  if (become.password === null) {
    wire.write(elevate({ sh, sudo: '-n', ready }));
    return null;
  }
  wire.write(elevate({ sh, sudo: `-S -k -p "${ready}<${ready}>${ASKED};"`, ready }));
  if (!(await asked(wire, ready))) return null;
  const password = await become.password();
  if (password === null)
    return failure('become', `sudo on ${name} wants the password of ${user()}, and none was given`);
  // The second line would be a second password to sudo, or a command to the shell after it.
  if (/[\n\r\0]/.test(password))
    return failure('become', `the password for sudo on ${name} has more than one line: it was not sent`);
  wire.write(`${Buffer.from(password).toString('latin1')}\n`);
  if (!(await asked(wire, ready))) return null;
  return failure(
    'become',
    `sudo refused the password of ${user()} on ${name}; it was given once, and is not tried again`,
  );
}

/** sudo's prompt is a frame like the readiness, with a status of its own. */
const ASKED = 1;

async function asked(wire: Wire, nonce: string): Promise<boolean> {
  const frame = await wire.err.next(nonce, { bytes: 0, beyond: 'drop' });
  return frame.kind === 'frame' && frame.status === ASKED;
}
