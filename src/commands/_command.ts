import type { Vault } from '../hosts/vault.ts';
import type { Interrupts } from '../model/ports.ts';
import type { CommandResult } from './_result.ts';

/** What a command may use of the process it runs in; tests give their own. */
export interface Io {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly uid: number;
  readonly pid: number;
  /** The user's login name, for `who` in the journal; with sudo, the one who typed it. */
  readonly user: string;
  /** Home folder, for the places of state. */
  readonly home: string;
  /** For the terminal view alone; everything else goes through stdout and stderr above. */
  readonly streams: {
    readonly stdin: NodeJS.ReadStream;
    readonly stdout: NodeJS.WriteStream;
    readonly stderr: NodeJS.WriteStream;
  };
  /** Terminals: stdin and stdout or stderr are one. `interactive` only where a prompt can be answered. */
  readonly tty: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  readonly columns: number;
  /** Colours on stdout and stderr: NO_COLOR, FORCE_COLOR, TERM=dumb considered. */
  readonly color: { readonly stdout: boolean; readonly stderr: boolean };
  readonly interrupts: Interrupts;
  /** A rehearsal runs in this folder, and acts on nothing outside of it. Absent: it is the real thing. */
  readonly scene?: string;
  /** What the runbook's secrets are, once they are opened; stdout and stderr above know them too. */
  readonly secrets?: Vault;
}

export interface CommandOption {
  /** As commander takes them: `--param <key=value...>`, `--all`, `--format <format>`. */
  readonly flags: string;
  readonly about: string;
  readonly default?: string | boolean;
  readonly choices?: readonly string[];
  readonly env?: string;
  /** May be given several times; the value is then a list. */
  readonly repeatable?: boolean;
}

/**
 * A command is one file, `commands/<name>.ts`, default export. It parses, calls an operation, shows; heavy imports
 * happen inside `run`.
 */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly about: string;
  /** Commander's argument syntax: `<runbook>`, `[run]`, `<files...>`. */
  readonly args: readonly { readonly syntax: string; readonly about: string }[];
  readonly options: readonly CommandOption[];
  /** Shown first in --help: the command line, then what it does. */
  readonly examples: readonly (readonly [line: string, about: string])[];
  run(io: Io, args: readonly string[], options: Readonly<Record<string, unknown>>): Promise<CommandResult>;
}

export function defineCommand(command: Command): Command {
  return command;
}
