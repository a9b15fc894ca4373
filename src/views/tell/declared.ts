import { type Document, sentence } from '../../model/document.ts';

/** A command that runs before anything is decided, by its author's word that it only reads. */
export interface DeclaredCommand {
  /** The step, or the secret whose value it prints. */
  readonly of: string;
  readonly line: string;
}

export function tellDeclared(runbook: string, commands: readonly DeclaredCommand[]): Document {
  const say = `To look, ${runbook} runs commands of its own. Its author says that they only read; nobody has verified it:`;
  return [sentence(say), ...commands.map(({ of, line }) => sentence([{ command: line }], undefined, `  ${of}  `))];
}
