import * as fs from 'node:fs';
import { isAbsolute, join } from 'node:path';

interface Who {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/**
 * As long as one of these exists nothing starts unattended: the host's, which is root's, for everybody; a user's own
 * for that user. The environment may name one more place, but takes none away: whoever starts automation must not be
 * able to look past a switch.
 */
export function stopFiles({ env, home }: Who): readonly string[] {
  const given = env.XDG_CONFIG_HOME;
  // The XDG base directory specification: a relative path is invalid and must be ignored.
  const folders = [join(home, '.config'), ...(given !== undefined && isAbsolute(given) ? [given] : [])];
  return ['/etc/firebreak/stop', ...new Set(folders.map((folder) => join(folder, 'firebreak', 'stop')))];
}

/**
 * The kill switch of unattended runs. Looks anew at each call, one lstat a file, and says why to stop; null: it is off.
 * FIREBREAK_STOP=1 sets it too. A file that cannot be looked for counts as set: a switch that fails must fail to the
 * safe side.
 */
export function stopSwitch(who: Who): () => string | null {
  const files = stopFiles(who);
  const given = who.env.FIREBREAK_STOP;
  return () => {
    if (given !== undefined && given !== '' && given !== '0') return `the kill switch is set: FIREBREAK_STOP=${given}`;
    for (const file of files) {
      const found = lookFor(file);
      if (found !== null) return `the kill switch is set: ${found}`;
    }
    return null;
  };
}

function lookFor(file: string): string | null {
  try {
    if (!fs.lstatSync(file).isFile()) return file;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'EIO';
    return code === 'ENOENT' || code === 'ENOTDIR' ? null : `${file} cannot be looked for (${code})`;
  }
  const why = firstLine(file);
  return why === '' ? file : `${file}: ${why}`;
}

/** Who set it may have written why. */
function firstLine(file: string): string {
  try {
    const fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
    try {
      const bytes = Buffer.alloc(200);
      return bytes.toString('utf8', 0, fs.readSync(fd, bytes)).split('\n')[0]?.trim() ?? '';
    } finally {
      fs.closeSync(fd);
    }
  } catch {
    return '';
  }
}
