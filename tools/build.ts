import { globSync, readFileSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Builds dist/ from src/: every command and verb stays a file of its own, so that folders stay catalogues; what they share is split into
 * dist/_/*.js. Modules that ask for import.meta are entries too: so they come to lie one folder deep, in dist/_ or in their own, and
 * `new URL('../probes/', import.meta.url)` means the same in src/ and dist/. Libraries are bundled: execa and inquirer alone are 150 ms of small files otherwise.
 *
 * Runs after `npm ci` (prepare) and before `npm pack` (prepack --strict).
 */
const root = join(import.meta.dirname, '..');
const started = Date.now();
const esbuild = await import('esbuild').catch(() => null);
if (esbuild === null) {
  console.error('build: no esbuild here (development dependencies left out); Firebreak runs from src/.');
  process.exit(process.argv.includes('--strict') ? 1 : 0);
}

const sources = globSync('src/*/*.ts', { cwd: root });
const found = sources.filter((file) => /^src\/(commands|probes|actions)\//.test(file));
const placed = sources.filter((file) => readFileSync(join(root, file), 'utf8').includes('import.meta'));

const dist = join(root, 'dist');
const fresh = join(root, 'dist.new');
rmSync(fresh, { recursive: true, force: true });
await esbuild.build({
  absWorkingDir: root,
  entryPoints: ['src/cli.ts', 'src/index.ts', ...new Set([...found, ...placed])],
  outdir: fresh,
  outbase: 'src',
  chunkNames: '_/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  keepNames: true,
  logLevel: 'warning',
  // Bundled CommonJS libraries (ajv, yaml) ask for `require`.
  banner: { js: "import { createRequire as _require } from 'node:module'; const require = _require(import.meta.url);" },
});

// The launcher takes the build only while no source is newer: date it by its beginning, so that an edit during the build counts as newer.
utimesSync(join(fresh, 'cli.js'), started / 1000, started / 1000);
rmSync(dist, { recursive: true, force: true });
renameSync(fresh, dist);
