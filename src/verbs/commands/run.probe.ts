import { capturedText, type ProgramResult } from '../../model/host.ts';
import { ANY_EXIT, COMMAND_LOOK, commandRequest, explainCommand, lastLines } from '../../model/runbook/command.ts';
import type { Infer } from '../../model/runbook/shape.ts';
import { showDuration, showText } from '../../model/text/quantity.ts';
import { commandLine } from '../../model/text/quote.ts';
import { withoutEnd } from '../../model/text/trim.ts';
import { defineProbe, type Finding, type Look, type MeasureAbout, unknownFinding } from '../../model/verb.ts';

type Arg = Infer<typeof COMMAND_LOOK>;

const measures: Readonly<Record<string, MeasureAbout>> = {
  exit: { about: 'the exit status', unit: 'count' },
  stdout: {
    about: 'what it printed, without newlines at the end; the middle is left out of more than 128 KiB',
    unit: 'text',
  },
  stderr: { about: 'what it printed to standard error', unit: 'text' },
};

export default defineProbe({
  summary: 'look by a command that reads only',
  about:
    'Runs a program that the author declares to read only, and measures its exit status and output. Nobody verifies that word, and the plan says so. A ' +
    'program that is missing, ends by a signal or does not end in time gives no finding: unknown, neither yes nor no. Nor does an exit status that is no answer: where ' +
    'nothing judges `exit`, every one but 0 says that it could not ask (name others with `exits_that_answer`); where something does, every one but 126 and 127 answers.',
  schema: COMMAND_LOOK,
  example: { argv: ['postconf', '-h', 'queue_directory'], effect: 'read' },
  needs: ['fork'],
  measures,
  look,
  explain: (arg) => explainCommand(commandRequest(arg)),
});

async function look({ host, signal }: Look, arg: Arg): Promise<Finding> {
  const request = commandRequest(arg);
  if (typeof request === 'string') return unknownFinding(measures, request);
  const result = await host.commands.run({ ...request, effect: 'read' }, signal);
  const missing = whyUnknown(result, request.timeout) ?? whyNoAnswer(result, arg);
  if (!result.ok || missing !== null)
    return { ...unknownFinding(measures, missing ?? ''), blocks: result.ok ? saidBy(result) : [] };
  const [stdout, stderr] = [result.stdout, result.stderr].map((captured) => withoutEnd(capturedText(captured), '\n'));
  return {
    summary: `${commandLine(request.argv)} ended with ${result.exit} (declared read, not verified)`,
    measures: { exit: result.exit, stdout: stdout ?? '', stderr: stderr ?? '' },
    detail: { exit: result.exit, stdout: stdout ?? '', stderr: stderr ?? '' },
    blocks: [stdout, stderr]
      .filter((text) => text)
      .map((text) => ({ kind: 'text' as const, lines: (text ?? '').split('\n').slice(0, 20) })),
  };
}

function whyUnknown(result: ProgramResult, timeout: number): string | null {
  if (!result.ok) return result.message;
  if (result.timedOut) return `it did not end within ${showDuration(timeout)}`;
  return result.exit === null ? `it was ended by ${result.signal ?? 'a signal'}` : null;
}

/** What the shell says where it could not run a program, or could not find it (POSIX 2.8.2). */
const NOT_RUN = [126, 127];

/** A command that could not look prints nothing. That is neither a yes nor a no. */
function whyNoAnswer(result: ProgramResult, { exits_that_answer: named = [0], shell }: Arg): string | null {
  if (!result.ok || result.exit === null) return null;
  const { exit } = result;
  if (named === ANY_EXIT ? !NOT_RUN.includes(exit) && !bySignal(exit, shell) : named.includes(exit)) return null;
  const said = lastLines(result.stderr, 1).at(-1);
  return `it ended with ${exit}, which is no answer (\`exits_that_answer\` names others)${said === undefined || said === '' ? '' : `: ${showText(said)}`}`;
}

/** A shell that saw its command end by a signal ends with 128 and more. */
function bySignal(exit: number, shell: string | undefined): boolean {
  return shell !== undefined && exit > 128 && exit <= 192;
}

function saidBy({ stdout, stderr }: Extract<ProgramResult, { ok: true }>): Finding['blocks'] {
  return [stdout, stderr]
    .map((captured) => lastLines(captured))
    .flatMap((lines) => (lines.length > 0 && lines[0] !== '' ? [{ kind: 'text', lines }] : []));
}
