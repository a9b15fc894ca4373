import type { Prompts } from './ask.ts';
import { escaped } from './draw/escape.ts';
import { rule } from './draw/fields.ts';
import { hang } from './draw/layout.ts';
import type { Paper } from './draw/style.ts';

/** A command that runs before anything is decided, by its author's word that it only reads. */
export interface DeclaredCommand {
  /** The step, or the secret whose value it prints. */
  readonly of: string;
  readonly line: string;
}

export function declaredLines(runbook: string, commands: readonly DeclaredCommand[], paper: Paper): readonly string[] {
  const say = `To look, ${runbook} runs commands of its own. Its author says that they only read; nobody has verified it:`;
  return [
    ...hang('', escaped(say), paper.columns),
    ...commands.flatMap(({ of, line }) => hang(`  ${escaped(of)}  `, escaped(line), paper.columns)),
  ];
}

/** Whether they may run. Whoever types nothing, or is gone, has not said yes. */
export async function askDeclared(
  prompts: Prompts,
  runbook: string,
  commands: readonly DeclaredCommand[],
): Promise<boolean> {
  const paper = prompts.paper();
  await prompts.print(['', rule('before it looks', paper), ...declaredLines(runbook, commands, paper), '']);
  const word = await prompts.type({
    message: 'Type the word run to let them run (empty: end here):',
    check: (typed) => (['', 'run'].includes(typed.trim()) ? undefined : 'run, or nothing; nothing has been run'),
  });
  return word?.trim() === 'run';
}
