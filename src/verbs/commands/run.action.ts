import type { Block } from '../../model/block.ts';
import type { CommandRequest, ProgramResult } from '../../model/host.ts';
import { commandKeys, commandRequest, explainCommand, lastLines } from '../../model/runbook/command.ts';
import { exactlyOne, type Infer, object } from '../../model/runbook/shape.ts';
import { showDuration } from '../../model/text/quantity.ts';
import { commandLine } from '../../model/text/quote.ts';
import {
  type Act,
  type Applied,
  cannot,
  change,
  defineAction,
  type Look,
  notActed,
  type Observation,
} from '../../model/verb.ts';

const RUN = exactlyOne(
  object('A command that changes something.', commandKeys('write', 'read'), ['effect']),
  'argv',
  'shell',
);
type Arg = Infer<typeof RUN>;

export default defineAction({
  summary: 'run a command',
  about:
    'Runs a program: own session, PATH fixed, environment cleared, working folder /, nothing on standard input but `stdin`. It is done when the exit status is 0. ' +
    'After `timeout`, or on an interrupt, it and all that it started are ended. Nobody can tell what it changed: write an `undo` beside it.',
  schema: RUN,
  example: { argv: ['postqueue', '-f'], effect: 'write' },
  needs: ['fork'],
  idempotent: false,
  forGood: true,
  observe,
  apply,
  revert: async () => notActed('undo a command', 'what a command changed is not known; see the undo note of the step'),
});

async function observe(look: Look, arg: Arg): Promise<Observation> {
  const request = commandRequest(arg);
  if (typeof request === 'string') return cannot('run a command', request);
  const program = request.argv[0] ?? '';
  const summary = `run ${commandLine(request.argv)}`;
  if ((await look.host.commands.which(program)) === null)
    return cannot(summary, `there is no program ${program} in the PATH`);
  return change(summary, {
    targets: {
      kind: 'command',
      count: 1,
      members: [commandLine(request.argv)],
      detail: {
        argv: [...request.argv],
        env: { ...request.env },
        ...(request.secrets && { secrets: { ...request.secrets } }),
      },
    },
    undo: undoOf(request),
    costs: takes(request),
    explain: explainCommand(request),
    estimate: null,
    warnings: request.effect === 'read' ? ['declared read, not verified'] : [],
  });
}

/** Only what may change something counts. */
const takes = ({ effect }: CommandRequest): Observation['costs'] => (effect === 'write' ? { commands: 1 } : {});

function undoOf({ effect }: CommandRequest): Observation['undo'] {
  if (effect === 'read') return { kind: 'nothing' };
  return {
    kind: 'irreversible',
    because: 'nobody can tell what a command changes',
    evidence: 'its exit status and the ends of its output',
  };
}

async function apply(act: Act, arg: Arg): Promise<Applied> {
  const request = commandRequest(arg);
  if (typeof request === 'string') return ended('failed', 'run a command', request);
  const summary = `run ${commandLine(request.argv)}`;
  const result = await act.host.commands.run(request, act.signal);
  // A command that has begun counts, however it ended: a failed one may have changed something.
  const took = { used: takes(request), blocks: result.ok ? outputOf(result) : [] };
  if (!result.ok) return ended(result.code === 'interrupted' ? 'partial' : 'failed', summary, result.message, took);
  if (result.timedOut)
    return ended('failed', summary, `it did not end within ${showDuration(request.timeout)}, and was ended`, took);
  if (result.exit !== 0) return ended('failed', summary, `it ended with ${result.exit ?? result.signal}`, took);
  return {
    outcome: 'done',
    summary: `${commandLine(request.argv)} ended with 0 after ${showDuration(result.took)}`,
    ...took,
  };
}

function ended(outcome: 'partial' | 'failed', summary: string, reason: string, more: Partial<Applied> = {}): Applied {
  return notActed(summary, reason, { outcome, ...more });
}

function outputOf(result: Extract<ProgramResult, { ok: true }>): readonly Block[] {
  return [result.stdout, result.stderr]
    .map((captured) => lastLines(captured))
    .filter((lines) => lines.length > 0)
    .map((lines) => ({ kind: 'text', lines }));
}
