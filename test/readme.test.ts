import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { main } from '../src/cli.ts';
import { loadRunbook } from '../src/load/load.ts';
import { isPolicyText, loadPolicy } from '../src/load/policy.ts';
import { OUTCOMES } from '../src/model/outcome.ts';
import { folderCatalogue } from '../src/wiring/catalogue.ts';
import { testIo } from './support/test-io.ts';

/** What the documents say is run or looked up: it cannot go stale unnoticed. */
const root = join(import.meta.dirname, '..');
const PAGES = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'src/README.md', 'examples/automation/README.md'];
const textOf = (page: string) => readFileSync(join(root, page), 'utf8');
const readme = textOf('README.md');
const scripts = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> })
  .scripts;

const blocks = (page: string, language: string) =>
  [...textOf(page).matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text]) => text ?? '',
  );

/** Lines behind a prompt, and what stands in running text between backticks and starts with a program of ours. */
const shown = (page: string) => [
  ...blocks(page, 'console')
    .flatMap((text) => text.split('\n').filter((line) => line.startsWith('$ ')))
    .flatMap((line) => line.slice(2).split(' && ')),
  ...[...textOf(page).matchAll(/`((?:[A-Z_]+=\w+ )?(?:(?:npx )?firebreak [a-z]|npm )[^`\n]*)`/g)].map(
    ([, line]) => line ?? '',
  ),
];

test('the first two commands are the ones that a newcomer needs', () => {
  assert.deepEqual(blocks('README.md', 'console')[0], '$ npm ci && npx firebreak drill cron-mail-storm\n$ npm test\n');
});

for (const page of PAGES) {
  for (const line of new Set(shown(page))) {
    test(`${page}: \`${line}\` is a command that exists, with flags that it knows`, async () => {
      const [program, ...words] = line
        .replace(/^[A-Z_]+=\w+ /, '')
        .replace(/^npx /, '')
        .split(' ');
      if (program === 'npm') assertNpm(words);
      else await assertFirebreak(words);
    });
  }
}

/** npm's own commands, or a script of ours with the files that it is given. */
function assertNpm([name = '', script = '', , file]: readonly string[]): void {
  const known = name === 'run' ? scripts[script] !== undefined : ['ci', 'test', 'install', 'pack'].includes(name);
  assert.ok(known, `npm ${name} ${script}: there is no such command`);
  if (file?.includes('/')) assert.ok(existsSync(join(root, file)), `there is no ${file}`);
}

async function assertFirebreak([name = '', ...rest]: readonly string[]): Promise<void> {
  const help = testIo();
  assert.equal(await main([name, '--help'], help.io), 0, help.err());
  const flags = rest.filter((word) => word.startsWith('--')).map((word) => word.replace(/=.*/, ''));
  assert.deepEqual(
    flags.filter((flag) => !help.out().includes(flag)),
    [],
  );
  const files = rest.filter((word) => /\.ya?ml$/.test(word));
  assert.deepEqual(
    files.filter((file) => !existsSync(join(root, file))),
    [],
  );
  const [runbook = ''] = ['plan', 'run', 'drill'].includes(name)
    ? rest.slice(0, 1).filter((word) => /^[a-z][a-z-]+$/.test(word))
    : [];
  assert.ok(runbook === '' || existsSync(join(root, 'runbooks', `${runbook}.yaml`)), `there is no runbook ${runbook}`);
}

test('the table of commands names those that there are', async () => {
  const { io, out } = testIo();
  await main(['--help'], io);
  const named = [...readme.matchAll(/^\| (`[a-z](?:[^|\\]|\\.)*) \|/gm)].flatMap(([, cell]) =>
    [...(cell ?? '').matchAll(/`([a-z]+)/g)].map(([, name]) => name ?? ''),
  );
  const known = [...out().matchAll(/^ {2}([a-z]+)(?: |$)/gm)]
    .map(([, name]) => name ?? '')
    .filter((name) => name !== 'help' && name !== 'firebreak');
  assert.deepEqual(named.toSorted(), known.toSorted());
});

test('the table of exit codes is the one of the program', () => {
  const rows = [...readme.matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(([, code, about]) => [Number(code), about]);
  assert.deepEqual(
    rows,
    Object.values(OUTCOMES).map(({ exit, about }) => [exit, about]),
  );
});

test('every runbook and every policy in the documents is one', async () => {
  const texts = PAGES.flatMap((page) => blocks(page, 'yaml').map((text) => [page, text] as const));
  assert.ok(texts.length > 0);
  for (const [path, text] of texts) {
    const request = { path, text, catalogue: folderCatalogue() };
    const loaded = isPolicyText(text) ? await loadPolicy(request) : await loadRunbook(request);
    assert.deepEqual(
      loaded.ok ? [] : loaded.problems.map(({ code, message, place }) => `${place.line}: ${code}: ${message}`),
      [],
    );
  }
});

test('links from one page to another lead somewhere', () => {
  const pages = globSync('{*.md,.github/*.md,src/**/*.md,runbooks/**/*.md,test/**/*.md,examples/**/*.md}', {
    cwd: root,
  }).filter((page) => !page.includes('fixtures'));
  const dead = pages.flatMap((page) => {
    const links = [...readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(
      ([, link]) => link ?? '',
    );
    return links.filter((link) => !existsSync(join(root, dirname(page), link))).map((link) => `${page}: ${link}`);
  });
  assert.deepEqual(dead, []);
});
