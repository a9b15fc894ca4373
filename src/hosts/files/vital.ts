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
  /** How many folders above it (0: itself) another system has its root: a disk that is rescued, a container, a chroot. */
  readonly systems: readonly number[];
}

/**
 * The vital folder that this one is or lies below, under whatever name: by its path, by device and inode of each folder
 * above it, by where else the same part of the same file system is mounted (a bind mount of /etc/ssl has neither the
 * path nor an ancestor of /etc), as a layer of what is mounted, and as a part of another system. Null: none.
 */
export function vitalAt({ real, chain, known, mounts, systems }: Spot): string | null {
  const names = namesOf(real);
  const elsewhere = systems.map((up) => join('/', names.slice(names.length - up)));
  const alike = chain.flatMap((each, at) =>
    known
      .filter(({ device, inode }) => device === each.device && inode === each.inode)
      .map(({ path }) => join(path, names.slice(at))),
  );
  const found = [real, ...alike, ...elsewhere, ...mountedAlsoAt(real, mounts)].map(vitalFolder);
  return found.find((each) => each !== null) ?? null;
}

const namesOf = (path: string): readonly string[] => path.split('/').filter(Boolean);
const join = (folder: string, names: readonly string[]): string => `/${[...namesOf(folder), ...names].join('/')}`;

interface Mounted {
  readonly device: string;
  /** Of its file system: what is mounted. */
  readonly root: string;
  readonly at: string;
  /** Of an overlay file system: the folders that it is made of. */
  readonly layers: readonly string[];
}

/** Every path at which a folder can be reached, by the mounts of its file system (proc(5)). */
function mountedAlsoAt(real: string, lines: readonly string[]): readonly string[] {
  const mounts = lines.flatMap(mountedIn);
  const own = over(real, mounts);
  if (!own) return [];
  const within = join(own.root, namesOf(real).slice(namesOf(own.at).length));
  const paths = mounts.flatMap((mount) => {
    if (mount.device !== own.device || !isBelow(within, mount.root)) return [];
    // Mounts that hide the folder do not matter: after the next boot the system may use it again.
    return [moved(within, mount.root, mount.at)];
  });
  return [...paths, ...[real, ...paths].flatMap((path) => layeredAt(path, mounts))];
}

/** Where an overlay shows what lies in one of its layers. */
const layeredAt = (path: string, mounts: readonly Mounted[]): readonly string[] =>
  mounts.flatMap(({ at, layers }) =>
    layers.filter((layer) => isBelow(path, layer)).map((layer) => moved(path, layer, at)),
  );

const moved = (path: string, from: string, to: string): string => join(to, namesOf(path).slice(namesOf(from).length));

const isBelow = (path: string, folder: string): boolean =>
  folder === '/' || path === folder || path.startsWith(`${folder}/`);

/** The mount with the longest path. Of several mounts at one place the last one is on top. */
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
    : [{ device, root: unescaped(root), at: unescaped(at), layers: layersIn(line) }];
}

/** Of `... - overlay NAME rw,lowerdir=/a:/b,upperdir=/c,workdir=/d`; a colon of a name has a backslash before it. */
function layersIn(line: string): readonly string[] {
  const options = / - overlay \S+ (\S+)$/.exec(line)?.[1]?.split(',') ?? [];
  return options
    .filter((option) => /^(?:lowerdir|upperdir|workdir)\+?=/.test(option))
    .flatMap((option) => unescaped(option.slice(option.indexOf('=') + 1)).split(/(?<!\\)::?/))
    .map((path) => path.replace(/\\(.)/g, '$1'))
    .filter((path) => path.startsWith('/'));
}

const unescaped = (field: string): string =>
  field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
