import { commandRequest, commandSchema, explainCommand } from '../model/command.ts';
import { type CommandResult, capturedText } from '../model/host.ts';
import type { Json } from '../model/json.ts';
import { showDuration } from '../model/quantity.ts';
import { commandLine } from '../model/quote.ts';
import { withoutEnd } from '../model/trim.ts';
import { defineProbe, type Finding, type Look, type MeasureAbout, unknownFinding } from '../model/verb.ts';

const measures: Readonly<Record<string, MeasureAbout>> = {
  exit: { about: 'the exit status', unit: 'count' },
  stdout: { about: 'what it printed, without newlines at the end; the middle is left out of more than 128 KiB', unit: 'text' },
  stderr: { about: 'what it printed to standard error', unit: 'text' },
};

export default defineProbe({
  summary: 'look by a command that reads only',
  about:
    'Runs a program that the author declares to read only, and measures its exit status and output. Nobody verifies that word, and the plan says so. A ' +
    'program that is missing, ends by a signal or does not end in time gives no finding: unknown, neither yes nor no.',
  schema: commandSchema('A command that only reads.', ['read']),
  example: { argv: ['postconf', '-h', 'queue_directory'], effect: 'read' },
  needs: ['fork'],
  measures,
  look,
  explain: (arg) => explainCommand(commandRequest(arg)),
});

async function look({ host, signal }: Look, arg: Json): Promise<Finding> {
  const request = commandRequest(arg);
  if (typeof request === 'string') return unknownFinding(measures, request);
  const result = await host.commands.run({ ...request, effect: 'read' }, signal);
  const missing = whyUnknown(result, request.timeout);
  if (!result.ok || missing !== null) return unknownFinding(measures, missing ?? '');
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

function whyUnknown(result: CommandResult, timeout: number): string | null {
  if (!result.ok) return result.message;
  if (result.timedOut) return `it did not end within ${showDuration(timeout)}`;
  return result.exit === null ? `it was ended by ${result.signal ?? 'a signal'}` : null;
}
