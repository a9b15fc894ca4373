import { closeSync, fstatSync, mkdirSync, mkdtempSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NODE, once, type Row, type Table } from './_measure.ts';

const FILES = 300_000;

/**
 * The spool of the incident, emptied: what counts on the disk is in which order the inodes are freed, so the names must
 * be Postfix's.
 */
export default async function deletion(): Promise<Table> {
  const find = 'find -type f -delete';
  const xargs = (spool: string) => ['/bin/sh', '-c', `cd ${spool} && ls | xargs -n 1000 rm -rf`];
  return {
    title: `Deleting ${FILES} files named as Postfix names them`,
    rows: [
      { what: find, milliseconds: withSpool((spool) => emptied(spool, ['find', spool, '-type', 'f', '-delete'])) },
      {
        what: 'ls | xargs -n 1000 rm -rf',
        milliseconds: withSpool((spool) => emptied(spool, xargs(spool))),
        against: find,
      },
      withSpool((spool) => ours(spool, find)),
    ],
  };
}

/**
 * A full spool, on an ext4 image of its own where root can mount one: ext4 looks long for an inode that was not freed
 * minutes ago, so that who comes second on the same file system is measured on another one than who comes first.
 */
function withSpool<T>(measure: (spool: string) => T): T {
  const work = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), 'firebreak-bench-'));
  const image = [
    '/bin/sh',
    '-c',
    `cd ${work} && truncate -s 4G image && mkfs.ext4 -q -N ${FILES + 1000} image && mkdir disk && mount -o loop image disk`,
  ];
  const mounted = process.getuid?.() === 0 && once(image).exit === 0;
  try {
    return measure(fill(mounted ? join(work, 'disk') : work));
  } finally {
    if (mounted) once(['umount', join(work, 'disk')]);
    rmSync(work, { recursive: true });
  }
}

function ours(spool: string, against: string): Row {
  const child = once([...NODE, join(import.meta.dirname, '_delete-ours.ts'), spool]);
  if (child.exit !== 0) throw new Error(child.stderr);
  const said = JSON.parse(child.stdout) as {
    list: number;
    delete: number;
    first: number;
    deleted: number;
    rss: number;
  };
  if (said.deleted !== FILES || readdirSync(spool).length > 0) throw new Error(`deleted ${said.deleted} of ${FILES}`);
  const note = `${Math.round(said.rss / 1024)} MB at most, first progress after ${Math.round(said.first)} ms; listing before: ${Math.round(said.list)} ms`;
  return { what: 'firebreak, delete', milliseconds: said.delete, against, aim: '< 1.5 x, < 100 MB', note };
}

function emptied(spool: string, argv: readonly string[]): number {
  const { milliseconds, exit, stderr } = once(argv);
  if (exit !== 0 || readdirSync(spool).length > 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
  return milliseconds;
}

/**
 * postdrop(1) makes a file, then names it by the microseconds and its inode: the order of the names is not that of the
 * inodes.
 */
function fill(work: string): string {
  const spool = join(work, 'maildrop');
  mkdirSync(spool);
  const fresh = join(spool, 'new');
  for (let made = 0; made < FILES; made += 1) {
    const file = openSync(fresh, 'wx', 0o700);
    const { ino } = fstatSync(file);
    closeSync(file);
    const microseconds = Math.floor(Math.random() * 1e6)
      .toString(16)
      .toUpperCase()
      .padStart(5, '0');
    renameSync(fresh, join(spool, `${microseconds}${ino.toString(16).toUpperCase()}`));
  }
  once(['sync']);
  return spool;
}
