import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../../../src/model/event.ts';
import { eventsIn, type Scene } from './scene.ts';

export interface Trouble {
  readonly lost: readonly string[];
  readonly twice: readonly string[];
}

const HEALED = { cron: 1, mailers: 0, files: 0, silenced: 2 };

/** Every act that can be seen in the world has its intent on disk. */
function actsWithoutIntent(scene: Scene, events: readonly RunEvent[], where: string): readonly string[] {
  const world = scene.worlds.crash;
  if (world === undefined) return [`${where}: the world was not seen`];
  const intended = new Set(events.flatMap((event) => (event.type === 'action.intended' ? [event.step] : [])));
  const seen: readonly (readonly [string, boolean])[] = [
    ['stop-cron', world.cron === 0],
    ['kill-mailers', world.mailers === 0],
    ['free-a-little', world.files < 1000],
    ['silence-jobs', world.silenced > 0],
  ];
  return seen
    .filter(([step, did]) => did && !intended.has(step))
    .map(([step]) => `${where}: ${step} was done, and the journal knows nothing of it`);
}

function notHealed(scene: Scene, where: string): readonly string[] {
  const { decoy: _decoy, ...end } = scene.worlds.end ?? { decoy: 0 };
  return JSON.stringify(end) === JSON.stringify(HEALED) ? [] : [`${where}: ended as ${JSON.stringify(end)}`];
}

const ONCE: readonly string[] = ['kill-mailers', 'free-a-little', 'silence-jobs', 'empty-maildrop'];

/** Steps whose outcome was on disk before the crash are not intended again, and what came since is left alone. */
function doneTwice(
  scene: Scene,
  before: readonly RunEvent[],
  after: readonly RunEvent[],
  where: string,
): readonly string[] {
  const done = new Set(
    before.flatMap((event) =>
      event.type === 'action.applied' && event.applied.outcome === 'done' ? [event.step] : [],
    ),
  );
  // The source is stopped and started again where a lease was kept meanwhile or is still open. That does nothing to
  // anything new.
  const again = after
    .slice(before.length)
    .flatMap((event) =>
      event.type === 'action.intended' && ONCE.includes(event.step) && done.has(event.step) ? [event.step] : [],
    );
  const decoyGone = scene.worlds.crash?.decoy === 1 && done.has('empty-maildrop') && scene.worlds.end?.decoy === 0;
  return [
    ...again.map((step) => `${where}: ${step} was done before the crash, and was done again`),
    ...(decoyGone ? [`${where}: a mail that came after the deletion was deleted`] : []),
    ...((scene.worlds.end?.silenced ?? 0) > 2 ? [`${where}: a crontab was edited twice`] : []),
  ];
}

export const journalOf = (folder: string, name: string): readonly RunEvent[] =>
  existsSync(join(folder, name)) ? (eventsIn(join(folder, name)) ?? []) : [];

/** After a death, `GO_ON`: nothing is lost, nothing done twice, and the host is healed. */
export function checkHealed(scene: Scene, folder: string, where: string): Trouble {
  const before = journalOf(folder, 'crash');
  const after = journalOf(folder, 'state');
  const finished = before.at(-1)?.type === 'run.finished';
  const exit = scene.said.resume;
  // 66: there is nothing to go on with, since it was over, or had not begun; then a new run does it all.
  const held = exit === '0' || (exit === '66' && (finished || scene.said.again === '0'));
  return {
    lost: [
      ...(held
        ? []
        : [
            `${where}: resume ended with ${exit}, a new run with ${scene.said.again}\n${readFileSync(join(folder, 'said'), 'utf8')}`,
          ]),
      ...actsWithoutIntent(scene, before, where),
      ...notHealed(scene, where),
    ],
    twice: doneTwice(scene, before, after, where),
  };
}

export const RUN = 'run cron-mail-storm "$@"';
const LOOK = 'cp -r "$FIREBREAK_STATE" "$OUT/crash" 2>/dev/null; decoy; world crash';
/** What follows the death: look, let something new come, resume, or begin anew where there is nothing to go on with. */
export const GO_ON = `${LOOK}; act resume >>"$OUT/said" 2>&1; code=$?; echo "say resume=$code"
  if [ $code = 66 ] && ! grep -q run.finished "$OUT"/crash/runs/*/journal.ndjson 2>/dev/null; then act ${RUN} >>"$OUT/said" 2>&1; echo "say again=$?"; fi
  world end`;
