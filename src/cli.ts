#!/usr/bin/env node
import { readdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { CommanderError, Option, Command as Program } from 'commander';
import type { Command, Io } from './commands/_command.ts';
import { settle } from './commands/_result.ts';
import { exitCode, OUTCOMES } from './model/outcome.ts';
import { escaped } from './views/draw/escape.ts';
import { startedIn } from './wiring/environment.ts';
import { processInterrupts } from './wiring/interrupts.ts';
import { type Output, outputTo } from './wiring/output.ts';
import { secretsHere } from './wiring/secrets.ts';
import { version } from './wiring/version.ts';

/**
 * Argv without node and script. Resolves to the exit code; never exits the process, so that a test can call it twice.
 */
export async function main(argv: readonly string[], given: Io): Promise<number> {
  const io = guarded(given);
  const end = { code: 0 };
  const program = await programFor(argv, io, (code) => {
    end.code = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return end.code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 || wantsHelp(argv) ? 0 : exitCode('usage');
    io.stderr(sayBug(error));
    return exitCode('bug');
  }
}

/** `help` and `help COMMAND`; without any command the help is an answer to a mistake. */
function wantsHelp([first, second]: readonly string[]): boolean {
  return first === 'help' && (second === undefined || commandNames().includes(second));
}

/** Whatever is printed, an error's stack too, is free of the secrets that are known by then. */
function guarded(io: Io): Io {
  const secrets = secretsHere(io.env);
  return {
    ...io,
    secrets,
    stdout: (text) => io.stdout(secrets.redact(text)),
    stderr: (text) => io.stderr(secrets.redact(text)),
  };
}

function sayBug(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `firebreak: a bug in firebreak, not in your runbook. If it was acting, \`firebreak runs\` tells what was done.\n${text}\n`;
}

/** A known command is imported alone; help and typos need them all. */
async function programFor(argv: readonly string[], io: Io, done: (code: number) => void): Promise<Program> {
  const program = new Program('firebreak')
    .description('Incident remediation runbooks: diagnose, act, verify.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr })
    .addHelpText('after', () => `\n${EXAMPLES}\n${exitCodes()}`);
  const names = commandNames();
  const first = argv[0];
  const wanted = first !== undefined && names.includes(first) ? [first] : names;
  for (const name of wanted) addCommand(program, await commandOf(name), io, done);
  return program;
}

function addCommand(program: Program, command: Command, io: Io, done: (code: number) => void): void {
  const sub = program.command(command.name).summary(command.summary).description(command.about);
  for (const { syntax, about } of command.args) sub.argument(syntax, about);
  for (const option of command.options) sub.addOption(optionOf(option));
  const examples = command.examples.map(([line, about]) => `  ${line}\n      ${about}`).join('\n');
  sub.addHelpText('before', `Examples:\n${examples}\n`);
  sub.addHelpText('after', `\n${exitCodes()}`);
  sub.exitOverride().configureOutput({ writeOut: io.stdout, writeErr: io.stderr });
  sub.action(async () => done(settle(await command.run(io, sub.args, sub.opts()), io.stderr)));
}

function optionOf(option: Command['options'][number]): Option {
  const made = new Option(option.flags, option.about);
  if (option.default !== undefined) made.default(option.default);
  if (option.choices) made.choices(option.choices);
  if (option.env) made.env(option.env);
  // An option that is given again adds its value to the list. It must not take the operands that follow.
  if (option.repeatable)
    made.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
  return made;
}

const EXAMPLES = `Examples:
  firebreak drill cron-mail-storm       rehearse the incident, nothing at risk
  firebreak plan cron-mail-storm        look, and show exactly what a run would touch
  firebreak run cron-mail-storm         remedy it, asking before each action
  firebreak report                      what happened in the newest run
`;

function exitCodes(): string {
  const rows = Object.values(OUTCOMES).map(({ exit, about }) => `  ${String(exit).padStart(3)}  ${about}`);
  return `Exit codes:\n${rows.join('\n')}\n`;
}

function commandNames(): readonly string[] {
  const files = readdirSync(new URL('./commands/', import.meta.url)).filter((file) =>
    /^[a-z][a-z-]*\.[jt]s$/.test(file),
  );
  return files.map((file) => file.slice(0, -3)).sort();
}

async function commandOf(name: string): Promise<Command> {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const loaded = (await import(new URL(`./commands/${name}.${ending}`, import.meta.url).href)) as { default: Command };
  return loaded.default;
}

/** A uid without a line in passwd(5) is a user too (containers have them). */
function accountOf(home = '/'): { readonly uid: number; readonly username: string; readonly homedir: string } {
  try {
    return userInfo();
  } catch {
    const uid = process.getuid?.() ?? 0;
    return { uid, username: `uid ${uid}`, homedir: home };
  }
}

/** The one place that touches the process. */
function processIo(output: Output): Io {
  const { stdin, stdout, stderr, env } = process;
  // A pipe that is closed, a terminal that hangs up or is frozen (Ctrl-S): the run is not stopped by its screen.
  stderr.on('error', () => {});
  for (const stream of [stdout, stderr]) {
    if (stream.isTTY) neverWaits(stream);
  }
  const account = accountOf(env.HOME);
  const colorOn = (stream: NodeJS.WriteStream) =>
    env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0'
      ? true
      : stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  return {
    stdout: output.write,
    stderr: (text) => void stderr.write(text),
    env,
    cwd: process.cwd(),
    uid: account.uid,
    pid: process.pid,
    // An ordinary user can put any name into the environment, and policies compare names.
    user: env.SUDO_USER && account.uid === 0 ? `${env.SUDO_USER} (sudo)` : account.username,
    home: account.homedir,
    streams: { stdin, stdout, stderr },
    tty: { stdin: stdin.isTTY === true, stdout: stdout.isTTY === true, stderr: stderr.isTTY === true },
    columns: stdout.columns || stderr.columns || 80,
    color: { stdout: colorOn(stdout), stderr: colorOn(stderr) },
    interrupts: processInterrupts((signal, listener) => void process.on(signal, listener)),
  };
}

/** A terminal's stream is a blocking one in Node: one that takes no more would stop timers, leases and all. */
function neverWaits(stream: NodeJS.WriteStream): void {
  const { _handle } = stream as unknown as { _handle?: { setBlocking?: (blocking: boolean) => number } };
  _handle?.setBlocking?.(false);
}

/**
 * What the environment may not decide ends every command here, whatever it is. Not in `main`: a test gives an Io of its
 * own.
 */
async function begin(argv: readonly string[], io: Io): Promise<number> {
  const started = startedIn({ env: io.env, uid: io.uid, command: argv[0] });
  if (started.ok) return main(argv, started.scene === null ? io : { ...io, scene: started.scene });
  io.stderr(`firebreak: ${escaped(started.message)}\n`);
  return exitCode('usage');
}

/** Data in a pipe is written before the process ends. A terminal that nobody reads does not block the end. */
async function leave(code: number, output: Output): Promise<never> {
  const flushed = new Promise<void>((done) => void process.stderr.write('', () => done()));
  await Promise.race([Promise.all([output.flush(), flushed]), new Promise((done) => setTimeout(done, 2000))]);
  const lost = output.lost();
  if (lost === null) process.exit(code);
  process.stderr.write(`firebreak: the output could not be written and is cut off: ${lost}\n`);
  process.exit(isTold(process.argv.slice(2), code) ? code : exitCode('no-output'));
}

/**
 * The outcome of a run is in its journal and in its exit code, so a log that was cut off does not change the code.
 * Output for a program is different.
 */
function isTold([name = '', ...words]: readonly string[], code: number): boolean {
  if (code >= exitCode('usage')) return true;
  if (!ACTING.includes(name) || words.includes('--dry-run')) return false;
  return code !== 0 || !words.some((word) => /^(--output=)?(ndjson|junit)$/.test(word));
}
const ACTING: readonly string[] = ['run', 'resume', 'rollback', 'drill'];

if (import.meta.main) {
  process.on('SIGUSR1', () => {}); // Without a handler this signal opens Node's inspector in a root process.
  // Ctrl-Z would freeze a run that has stopped something. A question that has let go of the keyboard for it waits for
  // SIGCONT.
  process.on('SIGTSTP', () => process.kill(process.pid, 'SIGCONT'));
  process.exitCode = exitCode('bug'); // The exit code if nothing is left to wait for before the end.
  // Not awaited: the build wraps this in a script.
  const output = outputTo(process.stdout, 1);
  void begin(process.argv.slice(2), processIo(output)).then((code) => leave(code, output));
}
