import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

/** All of Firebreak, as V8 has compiled it for the build where this is the same Node; it is only read. */
function compiled() {
  const filename = fileURLToPath(new URL('firebreak.cjs', import.meta.url));
  const source = readFileSync(filename, 'latin1');
  try {
    return new Script(source, { filename, cachedData: readFileSync(new URL('firebreak.cache', import.meta.url)) });
  } catch {
    return new Script(source, { filename });
  }
}

export const script = compiled();
const module = { exports: {} };
const load = (specifier) => import(new URL(specifier, import.meta.url).href);
script.runInThisContext()(module.exports, createRequire(import.meta.url), module, import.meta.url, load);
export const { modules } = module.exports;
