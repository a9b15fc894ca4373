import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A control socket's path has room for 107 bytes, of which ssh takes 17 for the name under which it is made. */
const LONGEST = 85;
const OURS = 'ssh-';

export interface Sockets {
  /** A path that nothing is at; null: nowhere is a place, and ssh has to do without. */
  fresh(): string | null;
  remove(path: string): void;
}

interface Whose {
  readonly uid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * A folder of this process alone, 0700: who can open a control socket is logged in. What engines have left that are
 * dead is swept away, so a stale socket is in nobody's way; nor could it be, since no path is ever used twice.
 */
export function controlSockets(whose: Whose): Sockets {
  let folder: string | null = null;
  let open = 0;
  let count = 0;
  return {
    fresh() {
      folder ??= ownFolder(whose);
      if (folder === null) return null;
      open += 1;
      count += 1;
      return join(folder, String(count));
    },
    remove(path) {
      rmSync(path, { force: true });
      open -= 1;
      if (open > 0 || folder === null) return;
      for (const empty of [folder, dirname(folder)])
        if (basename(empty).startsWith(OURS)) attempt(() => rmdirSync(empty));
      folder = null;
    },
  };
}

function ownFolder(whose: Whose): string | null {
  for (const parent of parents(whose)) {
    sweep(parent);
    const made = attempt(() => mkdtempSync(join(parent, `${OURS}${process.pid}-`)));
    if (made !== null && made.length + 6 <= LONGEST) return made;
    if (made !== null) attempt(() => rmdirSync(made));
  }
  return null;
}

function* parents({ uid, env }: Whose): Generator<string> {
  const runtime = env.XDG_RUNTIME_DIR;
  const candidates =
    uid === 0
      ? ['/run/firebreak', '/dev/shm/firebreak-0']
      : [...(runtime ? [`${runtime}/firebreak`] : []), `/dev/shm/firebreak-${uid}`];
  for (const folder of candidates) if (isOurs(folder, uid)) yield folder;
  const own = attempt(() => mkdtempSync(`/tmp/${OURS}`));
  if (own !== null) yield own;
}

/** Made by us or by nobody: in a folder that others can write to, any name may be a trap. */
function isOurs(folder: string, uid: number): boolean {
  attempt(() => mkdirSync(folder, { mode: 0o700 }));
  const found = attempt(() => lstatSync(folder));
  return found?.isDirectory() === true && found.uid === uid && (found.mode & 0o077) === 0;
}

function sweep(parent: string): void {
  for (const name of attempt(() => readdirSync(parent)) ?? []) {
    const pid = /^ssh-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && attempt(() => lstatSync(`/proc/${pid}`)) === null)
      attempt(() => rmSync(join(parent, name), { recursive: true }));
  }
}

function attempt<T>(act: () => T): T | null {
  try {
    return act();
  } catch {
    return null;
  }
}
