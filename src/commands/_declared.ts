import { couldAllow, declaredReadFault } from '../model/policy/permit.ts';
import { read } from '../model/read.ts';
import { COMMAND, commandRequest } from '../model/runbook/command.ts';
import { resolveArg, secretsOf, startFindings } from '../model/runbook/scope.ts';
import { isDeclaredRead, stepsOf } from '../model/runbook.ts';
import { parseSecretSource } from '../model/secret.ts';
import { commandLine } from '../model/text/quote.ts';
import type { DeclaredCommand } from '../views/tell/declared.ts';
import type { CommandOption, Io } from './_command.ts';
import type { Prepared } from './_prepare.ts';
import { drawn } from './_print.ts';
import { type CommandResult, refuse } from './_result.ts';

type Options = Readonly<Record<string, unknown>>;

export const ALLOW_READS_OPTION: CommandOption = {
  flags: '--allow-reads',
  about: 'let the runbook run its own commands that it declares to read only, without being asked',
};

/**
 * A runbook's own commands are whatever their author wrote, also those that are said to read only. They are shown and
 * asked for, or allowed by a policy, before the first of them runs. Runbooks of the package are trusted as the program
 * is. The exit code where they may not run; null: go on.
 */
export async function whyNotLook(
  io: Io,
  prepared: Prepared,
  { options, hosts }: { readonly options: Options; readonly hosts: readonly string[] },
): Promise<CommandResult | null> {
  const commands = declaredCommands(prepared);
  if (commands.length === 0 || options.unattended === true || options.allowReads === true) return null;
  const { isPartOfProgram: isOurs } = await import('../wiring/trusted.ts');
  if (isOurs(prepared.runbook.source.path) || allowedOn(prepared, hosts)) return null;
  const { name } = prepared.runbook;
  if (!io.tty.stdin || !io.tty.stderr || options.json === true) {
    const { tellDeclared } = await import('../views/tell/declared.ts');
    return { ...refuse(READ_THEM, 'refused-by-policy'), drawn: await drawn(io, tellDeclared(name, commands)) };
  }
  const { askDeclared } = await import('../views/ask.ts');
  const { promptsFor } = await import('../views/terminal.ts');
  const prompts = await promptsFor({ ...io, color: io.color.stderr, all: true }, async () => {});
  return (await askDeclared(prompts, name, commands))
    ? null
    : refuse('its commands may not run; nothing was looked at', 'refused-by-policy');
}

const READ_THEM =
  'read them, then add --allow-reads, or a --policy whose rule says declared_read: allow; nothing was looked at';

function declaredCommands({ runbook, params }: Prepared): readonly DeclaredCommand[] {
  const start = startFindings(params);
  const reads = stepsOf(runbook)
    .filter(isDeclaredRead)
    .map((step) => {
      const request = commandRequest(read(COMMAND, resolveArg(step, runbook, start)));
      return { of: step.id, line: typeof request === 'string' ? request : commandLine(request.argv) };
    });
  const printers = secretsOf(runbook, params).flatMap(({ $secret, from }) => {
    const source = parseSecretSource(from);
    return source?.kind === 'command' ? [{ of: `secret ${$secret}`, line: commandLine(source.argv) }] : [];
  });
  return [...new Map([...reads, ...printers].map((one) => [`${one.of} ${one.line}`, one])).values()];
}

function allowedOn({ policy, runbook, params }: Prepared, hosts: readonly string[]): boolean {
  if (policy === null) return false;
  const allows = (host: string) =>
    policy.rules.some(
      (rule) => couldAllow(rule, { runbook, params, host, at: 0 }) && declaredReadFault(rule, runbook) === null,
    );
  return hosts.every(allows);
}
