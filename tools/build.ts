import { globSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { compiledChecks } from './checks.ts';

/**
 * Builds dist/ from src/: every command and verb stays a file of its own, so that folders stay catalogues; what they share is split into
 * dist/_/*.js. Modules that ask for import.meta are entries too: so they come to lie one folder deep, in dist/_ or in their own, and
 * `new URL('../probes/', import.meta.url)` means the same in src/ and dist/. Libraries are bundled: execa and inquirer alone are 150 ms
 * of small files otherwise.
 *
 * `--strict` (npm run build, npm pack) builds or fails. Without it (prepare) a build is a convenience, and Firebreak runs from src/ where
 * there is none: npm runs prepare after `npm ci`, and once more whenever a user types `npx firebreak` in a checkout for the first time,
 * who may have no right to write here.
 */
const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const strict = process.argv.includes('--strict');

/** The launcher's own question: is nothing newer than the build? */
function upToDate(): boolean {
  const built = statSync(join(dist, 'cli.js'), { throwIfNoEntry: false });
  const sources = ['package-lock.json', 'tools/build.ts', 'src', ...globSync('src/**', { cwd: root })];
  return built !== undefined && sources.every((file) => statSync(join(root, file)).mtimeMs <= built.mtimeMs);
}

async function build(): Promise<void> {
  const started = Date.now() / 1000;
  const fresh = join(root, `dist.${process.pid}.new`);
  const { build: bundle } = await import('esbuild');
  try {
    await bundle({
      absWorkingDir: root,
      entryPoints: entries(),
      outdir: fresh,
      outbase: 'src',
      chunkNames: '_/[name]-[hash]',
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node24',
      minifyWhitespace: true,
      plugins: [compiledChecks()],
      logLevel: 'warning',
      // Bundled CommonJS libraries (ajv, yaml) ask for `require`.
      banner: { js: "import { createRequire as _require } from 'node:module'; const require = _require(import.meta.url);" },
    });
    // Dated by its beginning: an edit during the build is newer than the build.
    utimesSync(join(fresh, 'cli.js'), started, started);
    rmSync(dist, { recursive: true, force: true });
    renameSync(fresh, dist);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function entries(): string[] {
  const sources = globSync('src/*/*.ts', { cwd: root });
  const found = sources.filter((file) => /^src\/(commands|probes|actions)\//.test(file));
  const placed = sources.filter((file) => readFileSync(join(root, file), 'utf8').includes('import.meta'));
  return ['src/cli.ts', 'src/index.ts', ...new Set([...found, ...placed])];
}

if (strict || !upToDate()) {
  try {
    await build();
  } catch (error) {
    console.error(`build: ${error instanceof Error ? error.message : error}`);
    if (strict) process.exit(1);
    console.error('build: Firebreak runs from src/ instead.');
  }
}
