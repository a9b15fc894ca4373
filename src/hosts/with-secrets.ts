import { type Captured, type CommandRequest, failure, type Host, type ProgramResult } from '../model/host.ts';
import type { Vault } from './vault.ts';

/** A host whose commands get their secrets at the last moment, and whose output no longer holds any. */
export function withSecrets(host: Host, vault: Vault): Host {
  return {
    ...host,
    commands: {
      ...host.commands,
      async run(request, signal) {
        const filled = fill(request, vault);
        return filled.ok ? withoutSecrets(await host.commands.run(filled.request, signal), vault) : filled;
      },
    },
  };
}

type Filled = { readonly ok: true; readonly request: CommandRequest } | ReturnType<typeof failure>;

function fill({ secrets, ...request }: CommandRequest, vault: Vault): Filled {
  if (secrets === undefined) return { ok: true, request };
  const env: Record<string, string> = { ...request.env };
  for (const [name, { $secret, from }] of Object.entries(secrets.env ?? {})) {
    const value = vault.reveal(from);
    if (value === undefined) return unknown($secret);
    env[name] = value;
  }
  const { stdin } = secrets;
  if (stdin === undefined) return { ok: true, request: { ...request, env } };
  const value = vault.reveal(stdin.from);
  if (value === undefined) return unknown(stdin.$secret);
  return { ok: true, request: { ...request, env, stdin: Buffer.from(value).toString('base64') } };
}

const unknown = (name: string) => failure('secret', `the secret ${name} was not opened, so the command was not run`);

function withoutSecrets(result: ProgramResult, vault: Vault): ProgramResult {
  if (!result.ok) return vault.redact(result);
  return { ...result, stdout: captured(result.stdout, vault), stderr: captured(result.stderr, vault) };
}

/**
 * Head and tail are one text where nothing was dropped: a secret may lie across. Where something was, it may be cut in
 * two.
 */
function captured(output: Captured, { redact, margin }: Vault): Captured {
  const { head, tail, dropped } = output;
  if (dropped === 0) {
    const text = redact(head + tail);
    return text === head + tail ? output : { head: text, tail: '', dropped };
  }
  const [before, after, cut] = [redact(head), redact(tail), margin()];
  const rest = { head: before.slice(0, Math.max(0, before.length - cut)), tail: after.slice(cut) };
  return {
    ...rest,
    dropped: dropped + Buffer.byteLength(before.slice(rest.head.length)) + Buffer.byteLength(after.slice(0, cut)),
  };
}
