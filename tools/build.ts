import { globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import type { BuildOptions, Plugin } from 'esbuild';
import { compiledChecks } from './checks.ts';

/**
 * Builds dist/ from src/. All of Firebreak is one file, dist/firebreak.js, whose modules wake up when they are first asked for: on a busy host
 * it is the number of files to find, open and compile that a command waits for. Beside it:
 *   dist/lib/     what is imported on demand from elsewhere (listr2, inquirer, execa, ajv), a file each
 *   dist/cli.js, dist/index.js, dist/{commands,probes,actions}/NAME.js      one line each, so that a folder is still a catalogue
 *
 * `--strict` (npm run build, npm pack) builds or fails. Without it (prepare) a build is a convenience, and Firebreak runs from src/ where
 * there is none: npm runs prepare after `npm ci`, and once more whenever a user types `npx firebreak` in a checkout for the first time,
 * who may have no right to write here.
 */
const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const strict = process.argv.includes('--strict');

const COMMON: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  minify: true,
  // For whoever reads a stack of a bug report: node --enable-source-maps dist/cli.js.
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning',
  // CommonJS libraries that are bundled (ajv, yaml, commander) ask for `require`.
  banner: { js: "import { createRequire as _require } from 'node:module'; const require = _require(import.meta.url);" },
};

/** The launcher's own question: is nothing newer than the build? */
function upToDate(): boolean {
  const built = statSync(join(dist, 'cli.js'), { throwIfNoEntry: false });
  const sources = ['package-lock.json', 'src', ...globSync(['src/**', 'tools/*.ts'], { cwd: root })];
  return built !== undefined && sources.every((file) => statSync(join(root, file)).mtimeMs <= built.mtimeMs);
}

async function build(): Promise<void> {
  const started = Date.now() / 1000;
  const fresh = join(root, `dist.${process.pid}.new`);
  try {
    await bundleInto(fresh);
    // Dated by its beginning: an edit during the build is newer than the build.
    utimesSync(join(fresh, 'cli.js'), started, started);
    rmSync(dist, { recursive: true, force: true });
    renameSync(fresh, dist);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

async function bundleInto(folder: string): Promise<void> {
  const { build: bundle } = await import('esbuild');
  const found = globSync('src/{commands,probes,actions}/[!_]*.ts', { cwd: root });
  const modules = ['src/cli.ts', ...found];
  const libraries = new Map<string, string>();
  const checks = compiledChecks();
  await bundle({
    ...COMMON,
    stdin: {
      contents: `export const modules = {${modules.map((file) => `'${file}': () => import('./${file}')`).join(',')}};`,
      resolveDir: root,
    },
    outfile: join(folder, 'firebreak.js'),
    // cli.ts wakes up in dist/cli.js and nowhere else.
    define: { 'import.meta.main': 'true' },
    plugins: [onDemand(libraries), placed, checks],
  });
  for (const [name, path] of libraries)
    await bundle({ ...COMMON, entryPoints: [path], outfile: join(folder, 'lib', `${name}.js`), plugins: [checks] });
  // What a program imports is not in one file with what the command line wakes up.
  await bundle({ ...COMMON, entryPoints: ['src/index.ts'], outfile: join(folder, 'index.js'), plugins: [placed] });
  for (const file of modules) writeStub(folder, file);
}

/** `dist/probes/disk.js` for `src/probes/disk.ts`: wakes its module up. */
function writeStub(folder: string, file: string): void {
  const path = join(folder, relative('src', file).replace(/\.ts$/, '.js'));
  mkdirSync(dirname(path), { recursive: true });
  const up = '../'.repeat(file.split('/').length - 2) || './';
  const load = `import { modules } from '${up}firebreak.js';\nconst module = await modules['${file}']();\n`;
  writeFileSync(path, file === 'src/cli.ts' ? load : `${load}export default module.default;\n`);
}

/** Packages that a module imports when it needs them stay files of their own. */
function onDemand(libraries: Map<string, string>): Plugin {
  return {
    name: 'on-demand',
    setup: (build) => {
      build.onResolve({ filter: /^[a-z@]|validate-now/ }, ({ kind, path }) => {
        if (kind !== 'dynamic-import' || path.startsWith('node:')) return undefined;
        const name = basename(path, '.ts').replace(':', '-');
        libraries.set(name, path.startsWith('.') ? `src/load/${name}.ts` : path);
        return { path: `./lib/${name}.js`, external: true };
      });
    },
  };
}

/** A module in the bundle still says where it would lie, had it a file of its own. */
const placed: Plugin = {
  name: 'placed',
  setup: (build) => {
    build.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!text.includes('import.meta.url')) return undefined;
      const place = relative(join(root, 'src'), path).replace(/\.ts$/, '.js');
      return { contents: text.replaceAll('import.meta.url', `new URL('${place}', import.meta.url).href`), loader: 'ts' };
    });
  },
};

if (strict || !upToDate()) {
  try {
    await build();
  } catch (error) {
    console.error(`build: ${error instanceof Error ? error.message : error}`);
    if (strict) process.exit(1);
    console.error('build: Firebreak runs from src/ instead.');
  }
}
