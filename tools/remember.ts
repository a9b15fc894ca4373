import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** `remember.ts FOLDER ARGV...`: runs the command of the build in FOLDER, and keeps what V8 has compiled by then. */
const [folder = ''] = process.argv.splice(2, 1);
const { script, modules } = await import(pathToFileURL(join(folder, 'firebreak.js')).href);
process.on('exit', () => writeFileSync(join(folder, 'firebreak.cache'), script.createCachedData()));
await modules['src/cli.ts']();
