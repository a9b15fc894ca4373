import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import type { BuildOptions, Plugin } from 'esbuild';
import { compiledChecks } from './checks.ts';

/**
 * Builds dist/ from src/. All of Firebreak is one file, dist/firebreak.cjs, whose modules wake up when they are first
 * asked for: on a busy host it is the number of files to find, open and compile that a command waits for. Beside it:
 *   dist/firebreak.js, dist/firebreak.cache      what wakes it up (tools/start.js), and what V8 has compiled of it for
 *   the Node of the build
 *   dist/lib/     what is imported on demand from elsewhere (listr2, inquirer, execa, ajv), a file each
 *   dist/cli.js, dist/index.js, dist/commands/NAME.js, dist/verbs/FIELD/NAME.{probe,action}.js      one line each, so
 *   that a
 *   folder is still a catalogue
 *
 * `--strict` (npm run build, npm pack) builds or fails. Without it (prepare) a build is a convenience, and Firebreak
 * runs from src/ where there is none: npm runs prepare after `npm ci`, and once more whenever a user types `npx
 * firebreak` in a checkout for the first time, who may have no right to write here.
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

/** What tools/remember.ts wakes as well: a plan may need no pattern of RE2's, every run of the founding runbook does. */
const PATTERNS = 'src/model/text/pattern.ts';

async function bundleInto(folder: string): Promise<void> {
  const { build: bundle } = await import('esbuild');
  const found = globSync(['src/commands/[!_]*.ts', 'src/verbs/*/*.{probe,action}.ts'], { cwd: root });
  const modules = ['src/cli.ts', ...found];
  const libraries = new Map<string, string>();
  const checks = compiledChecks();
  await bundle({
    ...COMMON,
    stdin: {
      contents: `export const modules = {${[...modules, PATTERNS].map((file) => `'${file}': () => import('./${file}')`).join(',')}};`,
      resolveDir: root,
    },
    outfile: join(folder, 'firebreak.cjs'),
    format: 'cjs',
    // What firebreak.js calls, with the place that the modules say they have.
    banner: { js: '(function (exports, require, module, here, __load) {' },
    footer: { js: '})' },
    // cli.ts wakes up in dist/cli.js and nowhere else.
    define: { 'import.meta.main': 'true', 'import.meta.url': 'here' },
    plugins: [checks, placed(libraries)],
    // Of Node's own modules: these are asked for with `require`.
    supported: { 'dynamic-import': false },
  });
  for (const [name, path] of libraries)
    await bundle({ ...COMMON, entryPoints: [path], outfile: join(folder, 'lib', `${name}.js`), plugins: [checks] });
  // What a program imports is not in one file with what the command line wakes up.
  await bundle({ ...COMMON, entryPoints: ['src/index.ts'], outfile: join(folder, 'index.js'), plugins: [placedAlone] });
  copyFileSync(join(root, 'tools/start.js'), join(folder, 'firebreak.js'));
  for (const file of modules) writeStub(folder, file);
  remember(folder);
}

/**
 * What V8 has compiled for a check and a plan, beside what it was compiled from: half of a start is compilation.
 * Another Node refuses it and compiles. Without it nothing is amiss but the time, so a failure here is none of the
 * build.
 */
function remember(folder: string): void {
  // V8 takes it under the flags that it was made with only.
  const flags =
    /exec "\$node" (.*) "\$entry"/.exec(readFileSync(join(root, 'bin/firebreak'), 'utf8'))?.[1]?.split(' ') ?? [];
  spawnSync(process.execPath, [...flags, join(root, 'tools/remember.ts'), folder, 'plan', 'cron-mail-storm'], {
    cwd: root,
    stdio: 'ignore',
    timeout: 60_000,
  });
}

/** `dist/verbs/files/disk.probe.js` for `src/verbs/files/disk.probe.ts`: wakes its module up. */
function writeStub(folder: string, file: string): void {
  const path = join(folder, relative('src', file).replace(/\.ts$/, '.js'));
  mkdirSync(dirname(path), { recursive: true });
  const up = '../'.repeat(file.split('/').length - 2) || './';
  const load = `import { modules } from '${up}firebreak.js';\nconst module = await modules['${file}']();\n`;
  writeFileSync(path, file === 'src/cli.ts' ? load : `${load}export default module.default;\n`);
}

/**
 * A module in the bundle still says where it would lie, had it a file of its own. What it imports on demand (packages,
 * ajv, the files of the catalogue) stays in files, and goes through `__load`: a script that V8 remembers cannot import
 * by itself.
 */
function placed(libraries: Map<string, string>): Plugin {
  return {
    name: 'placed',
    setup: (build) => {
      build.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
        const place = relative(join(root, 'src'), path).replace(/\.ts$/, '.js');
        const text = readFileSync(path, 'utf8')
          .replaceAll('import.meta.url', `new URL('${place}', import.meta.url).href`)
          .replace(/(?<!typeof )\bimport\((?=url\)|new URL\()/g, '__load(')
          .replace(/(?<!typeof )\bimport\('((?!node:)[a-z@][^']*|[^']*\/validate-now\.ts)'\)/g, (_, wanted: string) => {
            const name = basename(wanted, '.ts');
            libraries.set(name, wanted.startsWith('.') ? join(dirname(path), wanted) : wanted);
            return `__load('./lib/${name}.js')`;
          });
        return { contents: lazily(text), loader: 'ts' };
      });
    },
  };
}

/** A large library that few commands need wakes up with its first use. */
const lazily = (text: string): string =>
  text
    .replace("import { RE2JS } from 're2js'", "import type { RE2JS } from 're2js'")
    .replace(/\bRE2JS\./g, "require('re2js').$&")
    .replace("import { structuredPatch } from 'diff';", '')
    .replace(/\bstructuredPatch\(/g, "require('diff').$&");

/** For what a program imports: it has one file of its own, with everything in it. */
const placedAlone: Plugin = {
  name: 'placed',
  setup: (build) => {
    build.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      const place = relative(join(root, 'src'), path).replace(/\.ts$/, '.js');
      return {
        contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', `new URL('${place}', import.meta.url).href`),
        loader: 'ts',
      };
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
