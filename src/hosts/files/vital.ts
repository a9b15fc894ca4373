import { vitalFolder } from '../../model/policy/danger.ts';

/** What tells one folder from another, whatever it is called. */
export interface Identity {
  readonly device: number;
  readonly inode: number;
}

/** A folder that was come to. */
export interface Spot {
  /** Without links. */
  readonly real: string;
  /** From / to the folder itself. */
  readonly chain: readonly Identity[];
  /** The vital folders of the host, as far as they are there. */
  readonly known: readonly (Identity & { readonly path: string })[];
  /** Lines of /proc/self/mountinfo. */
  readonly mounts: readonly string[];
}

/**
 * The vital folder that this one is or lies below, under whatever name: by its path, by device and inode of each folder
 * above it, and by where else the same part of the same file system is mounted (a bind mount of /etc/ssl has neither
 * the path nor an ancestor of /etc). Null: none.
 */
export function vitalAt({ real, chain, known, mounts }: Spot): string | null {
  const names = namesOf(real);
  const alike = chain.flatMap((each, at) =>
    known
      .filter(({ device, inode }) => device === each.device && inode === each.inode)
      .map(({ path }) => join(path, names.slice(at))),
  );
  const found = [real, ...alike, ...mountedAlsoAt(real, mounts)].map(vitalFolder);
  return found.find((each) => each !== null) ?? null;
}

const namesOf = (path: string): readonly string[] => path.split('/').filter(Boolean);
const join = (folder: string, names: readonly string[]): string => `/${[...namesOf(folder), ...names].join('/')}`;

interface Mounted {
  readonly device: string;
  /** Of its file system: what is mounted. */
  readonly root: string;
  readonly at: string;
}

/** Every path at which a folder can be reached, by the mounts of its file system (proc(5)). */
function mountedAlsoAt(real: string, lines: readonly string[]): readonly string[] {
  const mounts = lines.flatMap(mountedIn);
  const own = over(real, mounts);
  if (!own) return [];
  const within = join(own.root, namesOf(real).slice(namesOf(own.at).length));
  return mounts.flatMap((mount) => {
    if (mount.device !== own.device || !isBelow(within, mount.root)) return [];
    // Covered by another mount or not: what a mount hides for a time the system lives on again after the next boot.
    return [join(mount.at, namesOf(within).slice(namesOf(mount.root).length))];
  });
}

const isBelow = (path: string, folder: string): boolean =>
  folder === '/' || path === folder || path.startsWith(`${folder}/`);

/** The longest, and of those at one place the last, which lies on top. */
function over(path: string, mounts: readonly Mounted[]): Mounted | undefined {
  return mounts.reduce<Mounted | undefined>(
    (best, mount) =>
      isBelow(path, mount.at) && (best === undefined || mount.at.length >= best.at.length) ? mount : best,
    undefined,
  );
}

function mountedIn(line: string): readonly Mounted[] {
  const [, , device, root, at] = line.split(' ');
  return device === undefined || root === undefined || at === undefined
    ? []
    : [{ device, root: unescaped(root), at: unescaped(at) }];
}

const unescaped = (field: string): string =>
  field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
