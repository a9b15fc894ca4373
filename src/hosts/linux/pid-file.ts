/** What lstat(2) says of a file or folder. */
export interface PidFileEntry {
  readonly uid: number;
  /** With the type's bits. */
  readonly mode: number;
}

const [TYPE, LINK] = [0o170000, 0o120000];
const [STICKY, GROUP, OTHERS] = [0o1000, 0o020, 0o002];

/** Which user, beside root, can have put the file there. */
export interface Writer {
  /** Null: nobody can tell. */
  readonly by: number | null;
  /** In a folder for everybody (/tmp, /run/lock): whoever comes first makes it, under his own name. */
  readonly free: boolean;
}

/**
 * Its owner, where nobody else can write into it or into a folder above it. The sticky bit of a folder keeps what is in
 * it for its owner.
 */
export function writerOf(file: PidFileEntry, folders: readonly PidFileEntry[]): Writer {
  const { uid } = file;
  const kept = (file.mode & OTHERS) === 0 && folders.every((folder) => isKept(folder, uid));
  return { by: kept ? uid : null, free: uid !== 0 && folders.some(isForAll) };
}

function isKept({ uid, mode }: PidFileEntry, owner: number): boolean {
  if (uid !== 0 && uid !== owner) return false;
  const open = (mode & OTHERS) !== 0 || ((mode & GROUP) !== 0 && uid !== owner);
  return (mode & TYPE) === LINK || !open || (mode & STICKY) !== 0;
}

const isForAll = ({ mode }: PidFileEntry): boolean => (mode & TYPE) !== LINK && (mode & OTHERS) !== 0;

/** `/a`, `/a/b` of `/a/b`, and `/` first. */
export function prefixesOf(path: string): readonly string[] {
  const names = path.split('/').filter((name) => name !== '');
  return ['/', ...names.map((_, at) => `/${names.slice(0, at + 1).join('/')}`)];
}
