import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { isLight } from '../../src/model/event.ts';
import { fault, inLanes, type Tally } from '../support/lab/faults.ts';
import { checkHealed, GO_ON, journalOf, RUN, type Trouble } from '../support/lab/healed.ts';
import { eventsIn, inScene, type Scene, stateFolder } from '../support/lab/scene.ts';

/**
 * The founding runbook in the drill, killed -9 at each call on its journal. Most of a point is waiting: for cron's
 * minutes, for processes to end.
 */
const LANES = 6;
const WITHIN = 60_000;

interface Sweep {
  /** Before the command that is killed. */
  readonly before: string;
  /** `run ...`, `resume` or `rollback`. */
  readonly command: string;
  /** After its death. */
  readonly after: string;
  readonly check: (scene: Scene, folder: string, where: string) => Trouble;
  /** It acts outside of the drill's scene, in places of its own. */
  readonly outside?: boolean | undefined;
}

async function sweep(context: TestContext, tally: Tally, parts: Sweep, torn = false): Promise<void> {
  const root = stateFolder(context);
  const calls = await callsOf(root, parts);
  const points = calls.flatMap((name, at) => [
    `kill:${at + 1}`,
    ...(torn && name === 'writeSync' ? [`torn:${at + 1}`] : []),
  ]);
  let met = 0;
  await inLanes(points, LANES, async (point) => {
    const seen = await inject(root, point, parts);
    tally.runs += 1;
    if (seen.scene.hung) return void tally.hung.push(`${point}: ${seen.scene.stdout}`);
    if (seen.scene.said.crash === '137') met += 1;
    judge(tally, seen);
  });
  tally.note = `${met} points: ${calls.length} calls${torn ? `, and ${points.length - calls.length} writes torn in two` : ''}`;
}

interface Seen {
  readonly scene: Scene;
  readonly folder: string;
  readonly point: string;
  readonly check: Sweep['check'];
}

function judge(tally: Tally, { scene, folder, point, check }: Seen): void {
  try {
    const { lost, twice } = check(scene, folder, point);
    tally.lost.push(...lost);
    tally.twice.push(...twice);
  } catch (error) {
    tally.wrong.push(`${point}: ${String(error)}\n${scene.stdout}\n${scene.stderr}`);
  }
}

/**
 * On a machine under load cron may miss all of its minutes within a watch of a second: the verdict is then honest, and
 * the point is tried again.
 */
async function inject(root: string, point: string, parts: Sweep, tries = 3): Promise<Seen> {
  const { before, command, after, check, outside } = parts;
  const folder = join(root, `${point}-${tries}`);
  mkdirSync(folder);
  const script = `${before}; faulty ${point} ${command}; echo "say crash=$?"; ${after}`;
  const scene = await inScene(script, { state: folder, within: WITHIN, outside });
  const unproven = readFileSync(join(folder, 'said'), 'utf8').includes('cron was seen to run and end a job in 0 of');
  return unproven && tries > 1 ? inject(root, point, parts, tries - 1) : { scene, folder, point, check };
}

/** Each call on a file of the journal, in turn, of a command that nothing befalls. */
async function callsOf(root: string, { before, command, outside }: Sweep): Promise<readonly string[]> {
  const scene = await inScene(`${before}; faulty count ${command}; echo "say exit=$?"`, {
    state: root,
    within: WITHIN,
    outside,
  });
  if (scene.said.exit === undefined) throw new Error(`the counting run did not end: ${scene.stdout}${scene.stderr}`);
  return linesOf(join(root, 'calls'));
}

const linesOf = (path: string): readonly string[] => readFileSync(path, 'utf8').split('\n').filter(Boolean);

const NEEDS = ['namespaces', 'strace'] as const;

fault(
  'kill -9 at each write and sync of a run, then resume',
  { needs: NEEDS, within: 900_000 },
  async (tally, context) => {
    await sweep(context, tally, { before: ':', command: RUN, after: GO_ON, check: checkHealed }, true);
  },
);

/** A run that died on the way to its kill. Most of the work is still to do. */
async function diedEarly(context: TestContext): Promise<string> {
  const state = stateFolder(context);
  await inScene(`act ${RUN} >/dev/null`, { state, within: WITHIN });
  const events = eventsIn(join(state, 'state')) ?? [];
  const intents = events.findIndex((event) => event.type === 'action.intended' && event.step === 'kill-mailers') + 1;
  return `traced fdatasync ${events.slice(0, intents).filter((event) => !isLight(event)).length} ${RUN}`;
}

fault(
  'kill -9 at each write and sync of a resume, then a second resume',
  { needs: NEEDS, within: 900_000 },
  async (tally, context) => {
    const before = await diedEarly(context);
    await sweep(context, tally, { before, command: 'resume', after: GO_ON, check: checkHealed });
  },
);

/** What was done is undone as far as a policy may: cron runs at the end, under which crontab is said in the journal. */
function checkUndone(scene: Scene, folder: string, where: string): Trouble {
  const { exit = '' } = scene.said;
  const world = scene.worlds.end;
  const undone = journalOf(folder, 'state').filter(
    (event) => event.type === 'undo.applied' && event.applied.outcome !== 'done',
  );
  return {
    lost: [
      ...(['0', '9', '66'].includes(exit)
        ? []
        : [`${where}: the second rollback ended with ${exit}\n${readFileSync(join(folder, 'said'), 'utf8')}`]),
      ...(world?.cron === 1 ? [] : [`${where}: cron does not run after the rollback`]),
      ...(world?.silenced === 2
        ? []
        : [`${where}: ${world?.silenced} crontabs are silenced; a policy may not undo that`]),
      ...undone.map((event) => `${where}: an undo failed: ${JSON.stringify(event)}`),
    ],
    twice: [],
  };
}

const UNDO = 'act rollback >>"$OUT/said" 2>&1; echo "say exit=$?"; world end';

fault(
  'kill -9 at each write and sync of a rollback, then a second rollback',
  { needs: NEEDS, within: 900_000 },
  async (tally, context) => {
    const before = `WATCH=0.6s; act ${RUN} --param watch=0.6s >/dev/null 2>&1`;
    await sweep(context, tally, { before, command: 'rollback', after: UNDO, check: checkUndone });
  },
);

/**
 * Two acts with undo steps of their author's: an edit, which may be done twice, and commands, which must not; and an
 * act that fails.
 */
const BACK = `
# It acts outside of the scene, on files of its own. Root's state folder is fixed, and ours is mounted there.
unset FIREBREAK_SCENE
state=$FIREBREAK_STATE
[ "$(id -u)" != 0 ] || { unset FIREBREAK_STATE; export FAULT_STATE=/var/lib/firebreak; }
dir=$OUT/back policy=$OUT/back-policy.yaml
mkdir -p "$dir" && chmod 755 "$dir"
echo 'colour = red' >"$dir/conf"; echo 'mark = unknown' >"$dir/other"; : >"$dir/told"
cat >"$policy" <<END
firebreak_policy: 1
allow:
  - {id: back, runbook: back, declared_write: allow, on_failure: undo}
END
cat >"$dir/back.yaml" <<END
firebreak: 1
runbook: back
version: 1.0.0
title: what was done is undone by the steps that the author wrote
diagnose:
  - {id: red, text: {file: $dir/conf, matches: '^colour = red'}, expect: {matches: {at_least: 1}}}
act:
  - id: mark
    why: it is seen
    run: {argv: [touch, $dir/mark], effect: write}
    undo:
      - edit: {file: $dir/other, set_line: {matching: '^mark', to: mark = gone}}
      - run: {shell: 'rm "\\$D/mark" && echo told >>"\\$D/told"', effect: write, env: {D: $dir}}
  - id: paint
    why: red is wrong
    edit: {file: $dir/conf, set_line: {matching: '^colour', to: colour = blue}}
  - id: bad
    why: it fails
    run: {argv: ['false'], effect: write}
    on_fail: undo
verify:
  - {id: calm, text: {file: $dir/conf, matches: '^colour = red'}, expect: {matches: {at_most: 0}}}
END
chmod 644 "$dir/back.yaml" "$policy"`;

const SEEN = `$(cut -d' ' -f3 "$dir/conf")/$(cut -d' ' -f3 "$dir/other")/$([ -e "$dir/mark" ] && echo mark)/$(wc -l <"$dir/told")`;
const BACK_AFTER = `cp -r "$state" "$OUT/crash" 2>/dev/null; echo "say told=$(wc -l <"$dir/told")"
act resume >>"$OUT/said" 2>&1; echo "say resume=$?"; echo "say end=${SEEN}"`;

const UNDONE = 'red/gone//1';
const UNTOUCHED = 'red/unknown//0';

/** Undone to the end, or told why not; and no command is run twice. */
function checkBack({ said }: Scene, folder: string, where: string): Trouble {
  const { resume = '', end = '', told = '' } = said;
  const before = journalOf(folder, 'crash');
  const after = journalOf(folder, 'state');
  const intended = before.some((event) => event.type === 'undo.intended' && event.step === 'mark' && event.part === 2);
  const reasons = after.findLast((event) => event.type === 'run.finished')?.reasons.join('; ') ?? '';
  // 66: it had not begun, or was over. 10: whether an act was done is not known. 9: so it is with an undo that must not
  // be done twice.
  const well =
    (resume === '8' && end === UNDONE) ||
    (resume === '66' && [UNTOUCHED, UNDONE].includes(end)) ||
    (resume === '10' && reasons.includes('is not known')) ||
    (resume === '9' && reasons.includes('must not be done twice'));
  return {
    lost: [
      ...(well
        ? []
        : [
            `${where}: resume ended with ${resume}, and the world is ${end}\n${readFileSync(join(folder, 'said'), 'utf8')}`,
          ]),
      ...(told.trim() === '1' && !intended
        ? [`${where}: an undo step was done, and the journal knows nothing of it`]
        : []),
    ],
    twice: Number(end.split('/').at(-1)) > 1 ? [`${where}: an undo step was done twice`] : [],
  };
}

fault(
  'kill -9 at each write and sync of a run that undoes by declared steps, then resume',
  { needs: NEEDS, within: 900_000 },
  async (tally, context) => {
    await sweep(
      context,
      tally,
      { before: BACK, command: 'run "$dir/back.yaml"', after: BACK_AFTER, check: checkBack, outside: true },
      true,
    );
  },
);
