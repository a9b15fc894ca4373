import { saySuspected, type TrustedReader } from '../wiring/trusted.ts';
import type { CommandOption, Io } from './_command.ts';
import { type CommandResult, refuse, told } from './_result.ts';

type Options = Readonly<Record<string, unknown>>;

export const TRUST_OPTION: CommandOption = {
  flags: '--trust',
  about:
    'use runbook, policy and plan although others could have written them; at a terminal only, and the journal says so',
};

/**
 * The exit code where something was read that others could have written, and what to do about it was said; null: go on.
 */
export function whyUntrusted(io: Io, reader: TrustedReader, { trust, unattended }: Options): CommandResult | null {
  const suspected = reader.suspected();
  if (suspected.size === 0) return null;
  const said = saySuspected(suspected);
  if (trust !== true) return refuse([...said, 'or, at a terminal, add --trust for this once'], 'refused-by-policy');
  if (unattended === true || !io.tty.stdin || !io.tty.stderr)
    return refuse([...said, '--trust is for a person at a terminal'], 'refused-by-policy');
  io.stderr(told([`trusted at your word (--trust): ${[...suspected.keys()].join(', ')}`]));
  return null;
}

/** For the journal, once they were trusted at a person's word. */
export function trustNotes(reader: TrustedReader): readonly string[] {
  return [...reader.suspected()].map(([path, suspicions]) => {
    const why = suspicions.map((one) => `${one.path} ${one.says}`).join('; ');
    return `${path} was trusted at a person's word (--trust), although others could have written it: ${why}`;
  });
}
