import { isWithin } from '../hosts/in-scene.ts';
import type { DrillMark } from '../model/event.ts';
import { isObject, type Json } from '../model/json.ts';
import type { Plan } from '../model/plan.ts';
import type { Targets } from '../model/verb.ts';
import type { Ending } from '../run/running.ts';

/** Why a drill may not run its plan; asked before its first act. Null: everything is in its scene. */
export function outsideScene(plan: Plan, drill: DrillMark | undefined): Ending | null {
  if (drill === undefined) return null;
  const reasons = plan.steps.flatMap((step) => {
    if (step.kind !== 'action' || step.observation?.verdict !== 'change') return [];
    const outside = touched(step.observation.targets).filter((path) => !isWithin(drill.scene, path));
    return outside.length === 0
      ? []
      : [`${step.id} would act outside of the drill's scene ${drill.scene}: ${listed(outside)}`];
  });
  return reasons.length === 0 ? null : { outcome: 'refused-by-policy', verdict: null, reasons };
}

const listed = (paths: readonly string[]): string => [...new Set(paths)].slice(0, 5).join(', ');

/** What tells whether it is of the scene: a program, a folder, an init script, a file. A person may do anything. */
function touched({ kind, members, detail }: Targets): readonly string[] {
  switch (kind) {
    case 'processes':
      // A process without a program has ended meanwhile. The act judges each process again.
      return entries(detail, 'processes').flatMap((process) =>
        isObject(process) && typeof process.exe === 'string' ? [process.exe] : [],
      );
    case 'files':
      return [textAt(detail, 'handle', 'selector', 'in')];
    case 'service':
      return [textAt(detail, 'service')];
    case 'file':
      return members;
    case 'command':
      return entries(detail, 'argv').slice(0, 1).map(String);
    case 'person':
    case 'none':
      return [];
  }
}

const entries = (detail: Json, name: string): readonly Json[] => {
  const list = isObject(detail) ? detail[name] : undefined;
  return Array.isArray(list) ? list : [];
};

/** Targets of an unknown form are outside of the scene. */
function textAt(detail: Json, ...path: readonly string[]): string {
  let at: Json | undefined = detail;
  for (const name of path) at = isObject(at) ? at[name] : undefined;
  return typeof at === 'string' ? at : 'a target of unknown form';
}
