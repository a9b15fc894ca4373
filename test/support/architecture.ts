/**
 * The house's rules (src/README.md), as a checker over source texts. It reads imports and names with regular
 * expressions after taking comments and, where they would mislead, strings away: TypeScript 7 has no compiler API to
 * ask.
 */
export type Sources = ReadonlyMap<string, string>;

/** Every broken rule of these sources (path below src/ -> text), as `path: what`. */
export function violations(sources: Sources): string[] {
  const files = [...sources].map(([path, text]) => readSource(path, text));
  return [
    ...files.flatMap((file) => RULES.flatMap((rule) => rule(file).map((what) => `${file.path}: ${what}`))),
    ...cycles(files),
    ...twice(files),
  ];
}

interface Source {
  readonly path: string;
  /** First part of the path: `model`, `load` ... or the file itself at the top: `cli.ts`. */
  readonly folder: string;
  /** Without comments and without what strings hold. */
  readonly code: string;
  readonly text: string;
  /** Paths below src/. */
  readonly inside: readonly string[];
  /** Names of npm packages. */
  readonly packages: readonly string[];
  /** node: modules. */
  readonly builtins: readonly string[];
}

const FLOOR_2 = ['load', 'plan', 'run', 'hosts', 'journal', 'views', 'verbs'];
const FLOOR_3 = ['operations', 'wiring'];
const FLOOR_4 = ['commands', 'server', 'fleet'];

/** Which folders a folder may import, its own excepted. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  ...Object.fromEntries(FLOOR_2.map((folder) => [folder, ['model']])),
  ...Object.fromEntries(FLOOR_3.map((folder) => [folder, ['model', ...FLOOR_2]])),
  ...Object.fromEntries(FLOOR_4.map((folder) => [folder, ['model', ...FLOOR_2, ...FLOOR_3]])),
  'cli.ts': ['model', ...FLOOR_2, ...FLOOR_3, ...FLOOR_4],
  'index.ts': ['model', ...FLOOR_2, ...FLOOR_3],
};
const WITHOUT_NODE = ['model', 'plan', 'verbs'];

/** One owner a package: what else needs it takes a function from there. */
const OWNERS: Readonly<Record<string, RegExp>> = {
  yaml: /^load\/text\/parse\b/,
  ajv: /^load\/text\/validate\b/,
  'fastest-levenshtein': /^load\//,
  unbash: /^load\/runbook\/shell\b/,
  execa: /^hosts\/spawn\b/,
  listr2: /^views\/terminal\b/,
  inquirer: /^views\/terminal\b/,
  '@inquirer/prompts': /^views\/terminal\b/,
  diff: /^views\//,
  // A regular expression engine stands for the language's own RegExp: pure, and wanted on every floor.
  re2js: /^model\/text\/pattern\.ts$/,
  commander: /^cli\.ts$/,
};

const FORBIDDEN_WORDS = [
  'manager',
  'handler',
  'helper',
  'util',
  'engine',
  'common',
  'misc',
  'data',
  'info',
  'task',
  'ctx',
];
/** systemd and its like call themselves service managers: the domain's word, not ours. */
const SERVICE_MANAGERS = /^(hosts\/|model\/host\.ts$)/;
const GLOBAL_PROCESS =
  /\bprocess\s*\??\.\s*(env|argv0?|exit|exitCode|std(?:in|out|err)|cwd|chdir|on|once|off|kill|platform|versions?|uptime|hrtime|nextTick|umask|[gs]ete?[ug]id|execPath|execArgv|abort|emitWarning|memoryUsage)\b/g;

type Rule = (file: Source) => string[];

const RULES: readonly Rule[] = [
  function floors({ path, folder, inside }) {
    const allowed = MAY_IMPORT[folder];
    if (allowed === undefined) return [`${folder} is no floor of the house`];
    return inside.flatMap((target) => {
      const to = folderOf(target);
      if (to !== folder) return allowed.includes(to) ? [] : [`may not import ${target}`];
      if (folder === 'verbs') return verbsApart(path, target);
      if (folder === 'hosts') return hostsApart(path, target);
      const shared = basename(target).startsWith('_') || target.split('/').length > 2;
      return folder === 'commands' && !shared
        ? [`commands never import each other: ${basename(path)} imports ${basename(target)}`]
        : [];
    });
  },

  function purity({ folder, builtins }) {
    return WITHOUT_NODE.includes(folder)
      ? builtins.map((name) => `${folder}/ has no node: imports, and this one has ${name}`)
      : [];
  },

  /** A new format needs a document and nothing else. */
  function drawers({ path, inside }) {
    const known = /^(views\/(draw|fold|number)\b|model\/(document|block)\.ts$|model\/text\/)/;
    const others = path.startsWith('views/draw/') ? inside.filter((target) => !known.test(target)) : [];
    return others.map((target) => `a drawer knows documents only, and this one has ${target}`);
  },

  function owners({ path, packages }) {
    return packages.flatMap((name) => {
      const owner = OWNERS[name];
      if (owner === undefined) return [`${name} has no owner: add it to OWNERS and to package.json`];
      return owner.test(path) ? [] : [`${name} belongs to ${owner.source}`];
    });
  },

  function globals({ path, folder, code, builtins }) {
    if (folder === 'hosts' || path === 'cli.ts') return [];
    const used = [...code.matchAll(GLOBAL_PROCESS)].map(([, member]) => `process.${member}`);
    // A parameter may be called `process`: then .pid is a record's, not ours.
    const ours = /(?<![.\w])process\.p?pid\b/.test(code) && !/[([,]\s*process\b|\b(?:const|let)\s+process\b/.test(code);
    return [...used, ...(ours ? ['process.pid'] : []), ...builtins.filter((name) => name === 'node:process')].map(
      (name) => `${name} is for cli.ts and hosts/ only`,
    );
  },

  function types({ code }) {
    return [
      ...(/(?:(?<![|&=])[:<|&,=(]|\bas)\s*any\b(?!\s*(?:[(:?.]|[=!]==))/.test(code) ? ['any is not used'] : []),
      ...(/\benum\s+[A-Za-z_$]/.test(code) ? ['enum is not used: one `as const` table instead'] : []),
      ...(/[\w)\]]!(?=[.[;,)(\]}]|\s*$)/m.test(code) ? ['the non-null `!` is not used'] : []),
    ];
  },

  function words({ path, code }) {
    const inPath = wordsOf(path.replace(/\.ts$/, '')).map((word) => [word, path] as const);
    const inNames = exportedNames(code).flatMap((name) => wordsOf(name).map((word) => [word, name] as const));
    return [...inPath, ...inNames]
      .filter(([word]) => FORBIDDEN_WORDS.includes(word) || FORBIDDEN_WORDS.includes(word.replace(/s$/, '')))
      .filter(([word]) => !(word.startsWith('manager') && SERVICE_MANAGERS.test(path)))
      .map(([word, where]) => `"${word}" says nothing (${where}): see the ten words`);
  },

  function colours({ folder, text }) {
    return folder !== 'views' && /\\(?:x1b|u001b|u\{1b\}|e)\[/i.test(text)
      ? ['escape sequences are for views/ only']
      : [];
  },
];

/** A verb is a leaf, so that it can be added and taken away; what two fields need is of `model/`. */
function verbsApart(path: string, target: string): string[] {
  if (/\.(probe|action)\.ts$/.test(target)) return [`verbs never import each other: move what ${target} shares`];
  return fieldOf(path) === fieldOf(target) ? [] : [`fields of verbs never import each other: ${target}`];
}

/** What adapters share stands below them, and an adapter knows no other. */
function hostsApart(path: string, target: string): string[] {
  const [from, to] = [fieldOf(path), fieldOf(target)];
  const apart = ['linux', 'files', ...ADAPTERS].includes(from) && ADAPTERS.includes(to) && from !== to;
  return apart ? [`${from}/ knows nothing of ${to}/: move what ${target} shares`] : [];
}
const ADAPTERS = ['local', 'ssh', 'fake'];

function cycles(files: readonly Source[]): string[] {
  const graph = new Map(files.map((file) => [file.path, file.inside]));
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, way: readonly string[]): void => {
    const at = way.indexOf(path);
    if (at >= 0) found.push(`${path}: import cycle ${[...way.slice(at), path].join(' -> ')}`);
    if (at >= 0 || done.has(path)) return;
    for (const next of graph.get(path) ?? []) walk(next, [...way, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return found;
}

/** One word, one thing: whoever searches for a name finds what it means. */
function twice(files: readonly Source[]): string[] {
  const first = new Map<string, string>();
  return files.flatMap(({ path, code }) =>
    [...new Set(declaredNames(code))].flatMap((name) => {
      const other = first.get(name);
      first.set(name, other ?? path);
      return other === undefined ? [] : [`${path}: ${name} is exported by ${other} too, and means another thing there`];
    }),
  );
}

/** Folders in which nobody finds anything any more: these get sub-folders, named by the field. */
export function crowded(paths: readonly string[], most = 30): string[] {
  const files = Map.groupBy(paths, (path) => path.split('/').slice(0, -1).join('/'));
  return [...files].flatMap(([folder, { length }]) => (length > most ? [`${folder} has ${length} files`] : []));
}

function readSource(path: string, text: string): Source {
  const { code, withStrings } = strip(text);
  const specifiers = importsOf(withStrings);
  return {
    path,
    folder: folderOf(path),
    code,
    text,
    inside: specifiers.filter((name) => name.startsWith('.')).map((name) => resolve(path, name)),
    builtins: specifiers.filter((name) => name.startsWith('node:')),
    packages: specifiers.filter((name) => !/^(\.|node:)/.test(name)).map(packageOf),
  };
}

function importsOf(code: string): string[] {
  const forms = [
    /\b(?:import|export)\b[^'"`;()]*?\bfrom\s*(['"])(.*?)\1/g,
    /\bimport\s*(['"])(.*?)\1/g,
    /\bimport\s*\(\s*(['"`])(.*?)\1/g,
  ];
  return forms.flatMap((form) => [...code.matchAll(form)].map((match) => match[2] ?? ''));
}

/**
 * Comments go; `code` also loses what stands between quotes (a template's `${...}` included, which is good enough
 * here).
 */
function strip(text: string): { code: string; withStrings: string } {
  const token =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|(?<=[=(,:[!&|?{};\n]\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/g;
  const isComment = (piece: string) => piece.startsWith('/*') || piece.startsWith('//');
  const isRegex = (piece: string) => piece.startsWith('/') && !isComment(piece);
  return {
    withStrings: text.replace(token, (piece) => (isComment(piece) ? ' ' : piece)),
    code: text.replace(token, (piece) => {
      if (isComment(piece)) return ' ';
      if (isRegex(piece)) return '/r/';
      return piece.startsWith('`')
        ? `''${[...piece.matchAll(/\$\{([^{}]*)\}/g)].map(([, inner]) => ` + (${inner})`).join('')}`
        : "''";
    }),
  };
}

function exportedNames(code: string): string[] {
  const listed = /\bexport\s+(?:type\s+)?\{([^}]*)\}/g;
  return [
    ...declaredNames(code),
    ...[...code.matchAll(listed)].flatMap(([, names]) =>
      (names ?? '').split(',').map((name) => name.replace(/.*\bas\b/, '').trim()),
    ),
  ];
}

function declaredNames(code: string): string[] {
  const declared =
    /\bexport\s+(?:default\s+)?(?:async\s+)?(?:abstract\s+)?(?:function\s*\*?|const|let|class|type|interface)\s+([\w$]+)/g;
  return [...code.matchAll(declared)].map(([, name]) => name ?? '');
}

const wordsOf = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
const folderOf = (path: string): string => path.split('/')[0] ?? path;
const fieldOf = (path: string): string => path.split('/')[1] ?? '';
const basename = (path: string): string => path.split('/').at(-1) ?? path;
const packageOf = (name: string): string =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');

function resolve(from: string, to: string): string {
  return new URL(to, `file:///${from}`).pathname.slice(1);
}
