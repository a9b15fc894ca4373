import { closeSync, fstatSync, mkdirSync, mkdtempSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cronMail } from '../test/support/hosts/mail.ts';
import { NODE, once, type Table } from './_measure.ts';

const FILES = Number(process.env.BENCH_FILES ?? 100_000);

/** cron's mail among itself: looking into each, beside grep, which does not tell whose it is. */
export default async function holds(): Promise<Table> {
  const work = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), 'firebreak-bench-'));
  try {
    const spool = fill(join(work, 'maildrop'));
    const grep = "grep -r -l -a 'Subject: Cron <'";
    const argv = ['grep', '-r', '-l', '-a', 'Subject: Cron <', spool];
    const child = once([...NODE, join(import.meta.dirname, '_holds-ours.ts'), spool]);
    if (child.exit !== 0) throw new Error(child.stderr);
    const said = JSON.parse(child.stdout) as { list: number; holds: number; count: number; rss: number };
    if (said.count !== FILES) throw new Error(`${said.count} of ${FILES} hold it`);
    return {
      title: `Looking into ${FILES} messages of cron's`,
      rows: [
        { what: grep, milliseconds: once(argv).milliseconds },
        { what: 'firebreak, files', milliseconds: said.list, against: grep },
        {
          what: 'firebreak, files that hold a header',
          milliseconds: said.holds,
          against: grep,
          note: `${Math.round(said.rss / 1024)} MB at most`,
        },
      ],
    };
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** Named by the microseconds and the inode, as postdrop(1) does it. */
function fill(spool: string): string {
  mkdirSync(spool);
  const fresh = join(spool, 'new');
  const mail = Array.from({ length: 20 }, (_, job) => cronMail('root', { command: `/usr/local/bin/job${job}` }));
  for (let made = 0; made < FILES; made += 1) {
    const file = openSync(fresh, 'wx', 0o700);
    writeSync(file, mail[made % mail.length] ?? Buffer.of());
    const { ino } = fstatSync(file);
    closeSync(file);
    renameSync(fresh, join(spool, hex((made * 7919) % 1_000_000).padStart(5, '0') + hex(ino)));
  }
  return spool;
}

const hex = (number: number): string => number.toString(16).toUpperCase();
