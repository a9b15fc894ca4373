import type { StepOutline } from '../model/event.ts';
import type { Emit } from '../model/ports.ts';
import { isAction, stepsOf } from '../model/runbook.ts';
import type { Ending } from '../run/running.ts';
import { spine } from '../run/spine.ts';
import { carryOut, type RunParts, type RunRequest } from './carry-out.ts';

/** Diagnoses, plans, acts, verifies, ends. One execution of one plan on one host. */
export async function run(request: RunRequest, parts: RunParts): Promise<Ending> {
  const emit = spine({ ...parts, run: parts.journal.run, host: parts.host.name });
  await start(request, parts, emit);
  return carryOut(request, parts, emit);
}

async function start({ runbook, params, mode, raised, who, tool }: RunRequest, parts: RunParts, emit: Emit): Promise<void> {
  const facts = await parts.host.machine.facts();
  await emit({
    type: 'run.started',
    runbook: { name: runbook.name, version: runbook.version, title: runbook.title, path: runbook.source.path, hash: runbook.source.hash },
    text: runbook.source.text,
    params,
    limits: { ...runbook.limits, ...raised },
    steps: stepsOf(runbook).map(
      (step): StepOutline => ({
        id: step.id,
        phase: step.phase,
        verb: step.verb,
        why: step.why ?? null,
        kind: step.verb === 'watch' ? 'watch' : isAction(step, parts.catalogue.actions) ? 'action' : 'probe',
      }),
    ),
    who,
    mode: mode.kind === 'attended' ? 'interactive' : 'unattended',
    policy: mode.kind === 'unattended' ? mode.policy.source : null,
    tool,
    boot: { id: facts.bootId, at: facts.bootTime },
  });
}
