import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** `remember.ts FOLDER ARGV...`: runs the command of the build in FOLDER, and keeps what V8 has compiled by then. */
const [folder = ''] = process.argv.splice(2, 1);
const { script, modules } = await import(pathToFileURL(join(folder, 'firebreak.js')).href);
process.on('exit', () => writeFileSync(join(folder, 'firebreak.cache'), script.createCachedData()));
// What is not in the cache is compiled in the middle of an incident: RE2 alone took 4 MiB of memory then.
const { patternOf } = await modules['src/model/text/pattern.ts']();
patternOf('^Cron <(?<owner>[^@>]+)@[^>]+> (?<job>.+)$', { lines: true }).groups('Cron <root@host> /bin/job');
await modules['src/cli.ts']();
