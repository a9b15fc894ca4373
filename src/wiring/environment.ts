import { lstatSync, readFileSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { placesFor } from '../journal/places.ts';
import type { DrillMark, OwnPlaces } from '../model/event.ts';
import { type Failure, failure, type Result } from '../model/host.ts';

interface Start {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly command: string | undefined;
}

/** With either of them a run could ignore the earlier runs, so root may use neither. */
const MOVED = {
  FIREBREAK_STATE: 'cool-downs, hourly limits and used plans are told from the journals in /var/lib/firebreak',
  FIREBREAK_LOCK: 'one run at a time has this host',
} as const;

/**
 * Decides what the environment of this process may change. A drill acts only in its scene, so it may have places of its
 * own. An ordinary user may choose the places of his journals and his lock; the journal notes it (`marksOf`).
 */
export function startedIn({ env, uid, command }: Start): Result<{ readonly scene: string | null }> {
  const scene = env.FIREBREAK_SCENE ?? '';
  if (scene !== '') return sceneAt(scene, uid);
  for (const [name, why] of uid === 0 && command !== 'drill' ? Object.entries(MOVED) : []) {
    if ((env[name] ?? '') !== '') return failure('moved', sayMoved(name, why));
  }
  return { ok: true, scene: null };
}

const sayMoved = (name: string, why: string): string =>
  `${name} is set, and root's runs do not take it: ${why}. Nothing was done. Type: unset ${name}. ` +
  'To rehearse: firebreak drill RUNBOOK. To test: mount over /var/lib/firebreak in a namespace of your own (unshare --mount)';

/**
 * Only what a drill builds is a scene: a tmpfs named drill, or a temporary folder with the drill's name. In both,
 * nobody else can lay anything.
 */
function sceneAt(path: string, uid: number): Result<{ readonly scene: string }> {
  try {
    const found = lstatSync(path);
    if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0 || realpathSync(path) !== path)
      return noScene(path);
    return /^firebreak-drill\.\w{6}$/.test(basename(path)) || isDrillMount(path)
      ? { ok: true, scene: path }
      : noScene(path);
  } catch {
    return noScene(path);
  }
}

/** The last mount over a path is the one that is seen; mountinfo(5). */
function isDrillMount(path: string): boolean {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const over = lines.filter((line) => line.split(' ')[4] === path).at(-1);
  return over !== undefined && / - tmpfs drill /.test(over);
}

const noScene = (path: string): Failure =>
  failure(
    'no-scene',
    `FIREBREAK_SCENE is ${path}, which is no drill's scene: \`firebreak drill RUNBOOK\` builds one and sets it. Nothing was done. Type: unset FIREBREAK_SCENE`,
  );

interface Starter {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly home: string;
  readonly scene?: string;
}

/** Marks for the journal of a run: whether it is a rehearsal, and which places are not the usual ones. */
export function marksOf(starter: Starter): { readonly drill?: DrillMark; readonly own?: OwnPlaces } {
  const own = ownPlaces(starter);
  return { ...(starter.scene !== undefined && { drill: { scene: starter.scene } }), ...(own && { own }) };
}

/** The same in words, for the journal of a fleet run and for those of its hosts. */
export function ownNotes(starter: Starter): readonly string[] {
  const { state, lock } = ownPlaces(starter) ?? {};
  return [
    ...(state === undefined
      ? []
      : [`the journals are in ${state}, as whoever started it wanted: runs elsewhere were not counted`]),
    ...(lock === undefined
      ? []
      : [`the lock is ${lock}, as whoever started it wanted: other runs were not kept waiting`]),
  ];
}

function ownPlaces(starter: Starter): OwnPlaces | null {
  const [home] = placesFor(starter);
  const [usual] = placesFor({ ...starter, env: {} });
  const lock = starter.env.FIREBREAK_LOCK ?? '';
  const own = { ...(home && home.path !== usual?.path && { state: home.path }), ...(lock !== '' && { lock }) };
  return Object.keys(own).length === 0 ? null : own;
}

/** The lock of this user's runs. A rehearsal has its own, so that it never blocks a real run. */
export function lockName({ env, scene }: Pick<Starter, 'env' | 'scene'>): string | undefined {
  return scene === undefined ? env.FIREBREAK_LOCK || undefined : `drill ${scene}`;
}
