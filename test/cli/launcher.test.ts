import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const launcher = join(import.meta.dirname, '../../bin/firebreak');
const work = mkdtempSync(join(tmpdir(), 'firebreak-launcher-'));
after(() => rmSync(work, { recursive: true }));

/** A program that says how it was started. */
const CONFESSION = `console.log(JSON.stringify({
  program: import.meta.filename, args: process.argv.slice(2), flags: process.execArgv, cwd: process.cwd(),
  env: Object.keys(process.env).filter((name) => /^(NODE|SSL|OPENSSL|UV)_/.test(name)).map((name) => name + '=' + process.env[name]),
}))`;

interface Confession {
  readonly program: string;
  readonly args: readonly string[];
  readonly flags: readonly string[];
  readonly cwd: string;
  readonly env: readonly string[];
}

function write(path: string, text: string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
}

/** An installed package: the launcher and a built program, which has its libraries in it. */
function installed(home: string): string {
  mkdirSync(join(home, 'bin'), { recursive: true });
  copyFileSync(launcher, join(home, 'bin/firebreak'));
  write(join(home, 'package.json'), '{"type":"module"}');
  write(join(home, 'dist/cli.js'), CONFESSION);
  return home;
}

/** A folder for PATH with a `node` in it that has this version, and runs our own Node for everything else. */
function nodeOfVersion(version: string): string {
  const folder = mkdtempSync(join(work, 'path-'));
  writeFileSync(
    join(folder, 'node'),
    `#!/bin/sh\n[ "$1" = --version ] && { echo ${version}; exit; }\nexec ${process.execPath} "$@"\n`,
  );
  chmodSync(join(folder, 'node'), 0o755);
  return folder;
}

function run(file: string, args: readonly string[] = [], more: { env?: Record<string, string>; cwd?: string } = {}) {
  const env = { PATH: '/usr/bin:/bin', FIREBREAK_NODE: process.execPath, ...more.env };
  const result = spawnSync(file, args, { env, cwd: more.cwd ?? '/', encoding: 'utf8', timeout: 120_000 });
  return {
    exit: result.status,
    stderr: result.stderr,
    said: result.stdout === '' ? null : (JSON.parse(result.stdout) as Confession),
  };
}

test('the program gets its arguments untouched, the working folder of the caller, and flags that save process slots and memory', () => {
  const home = installed(join(work, 'plain'));
  const { exit, said } = run(join(home, 'bin/firebreak'), ['run', 'a b', '', '*', '$HOME', '-x'], { cwd: '/usr' });
  assert.deepEqual(
    { exit, said },
    {
      exit: 0,
      said: {
        program: join(home, 'dist/cli.js'),
        args: ['run', 'a b', '', '*', '$HOME', '-x'],
        flags: [
          '--v8-pool-size=1',
          '--max-semi-space-size=1',
          '--no-opt',
          '--no-maglev',
          '--no-sparkplug',
          '--disable-sigusr1',
        ],
        cwd: '/usr',
        env: ['UV_THREADPOOL_SIZE=1'],
      },
    },
  );
});

test('no variable of the caller loads code into Node or makes it write files', () => {
  const home = installed(join(work, 'env'));
  const env = {
    NODE_OPTIONS: '--require=/nowhere',
    NODE_PATH: '/x',
    NODE_V8_COVERAGE: join(work, 'cov'),
    NODE_EXTRA_CA_CERTS: '/x',
    OPENSSL_CONF: '/x',
    SSL_CERT_FILE: '/x',
  };
  const { exit, said } = run(join(home, 'bin/firebreak'), [], { env: { ...env, UV_THREADPOOL_SIZE: '64' } });
  assert.deepEqual([exit, said?.env, readdirSync(work).includes('cov')], [0, ['UV_THREADPOOL_SIZE=1'], false]);
});

test('links are followed: absolute, relative, a chain of both, and from the folder that npm puts its commands in', () => {
  const home = installed(join(work, 'modules/node_modules/firebreak'));
  mkdirSync(join(work, 'modules/node_modules/.bin'));
  mkdirSync(join(work, 'links'));
  symlinkSync('../firebreak/bin/firebreak', join(work, 'modules/node_modules/.bin/firebreak'));
  symlinkSync(join(work, 'modules/node_modules/.bin/firebreak'), join(work, 'links/absolute'));
  symlinkSync('absolute', join(work, 'links/chain'));
  const program = join(home, 'dist/cli.js');
  for (const link of ['modules/node_modules/.bin/firebreak', 'links/absolute', 'links/chain']) {
    assert.equal(run(join(work, link)).said?.program, program, link);
  }
  assert.equal(run('./chain', [], { cwd: join(work, 'links') }).said?.program, program);
  assert.equal(run('chain', [], { env: { PATH: `${join(work, 'links')}:/usr/bin:/bin` } }).said?.program, program);
  assert.equal(run('/bin/sh', ['chain'], { cwd: join(work, 'links') }).said?.program, program);
});

test('folders with spaces and other awkward characters are no trouble', () => {
  const home = installed(join(work, 'a folder; $(with) * everything'));
  assert.equal(run(join(home, 'bin/firebreak')).said?.program, join(home, 'dist/cli.js'));
});

test('Node is taken from PATH where its version suits', () => {
  const home = installed(join(work, 'versions'));
  const exits = ['v24.15.0', 'v24.99.1', 'v26.0.0', 'v31.4.0'].map(
    (version) =>
      run(join(home, 'bin/firebreak'), [], {
        env: { FIREBREAK_NODE: '', PATH: `${nodeOfVersion(version)}:/usr/bin:/bin` },
      }).exit,
  );
  assert.deepEqual(exits, [0, 0, 0, 0]);
});

test('a Node that is too old, too odd or missing is exit 69 with what to do', () => {
  const home = installed(join(work, 'old'));
  for (const version of ['v20.20.2', 'v24.14.9', 'v25.1.0', 'v9.0.0', 'nonsense', '']) {
    const result = run(join(home, 'bin/firebreak'), [], {
      env: { FIREBREAK_NODE: '', PATH: `${nodeOfVersion(version)}:/usr/bin:/bin` },
    });
    assert.equal(result.exit, 69, version);
    assert.match(result.stderr, /needs Node\.js \^24\.15 or >=26[\s\S]*npm ci[\s\S]*FIREBREAK_NODE/);
  }
  const none = run(join(home, 'bin/firebreak'), [], { env: { FIREBREAK_NODE: '', PATH: '/nowhere' } });
  assert.deepEqual([none.exit, /no node in PATH/.test(none.stderr)], [69, true]);
});

test('a FIREBREAK_NODE that does not suit is refused, never silently replaced', () => {
  const home = installed(join(work, 'chosen'));
  const wrong = join(nodeOfVersion('v20.1.0'), 'node');
  const result = run(join(home, 'bin/firebreak'), [], { env: { FIREBREAK_NODE: wrong } });
  assert.deepEqual(
    [result.exit, result.stderr.split('\n')[0]],
    [69, `firebreak: FIREBREAK_NODE is ${wrong}, which is not a Node.js ^24.15 or >=26 (it says: v20.1.0).`],
  );
});

test("the Node of the project that Firebreak is installed in is found beside npm's other commands", () => {
  const home = installed(join(work, 'hoisted/node_modules/firebreak'));
  mkdirSync(join(work, 'hoisted/node_modules/.bin'));
  symlinkSync(process.execPath, join(work, 'hoisted/node_modules/.bin/node'));
  const old = nodeOfVersion('v20.0.0');
  assert.equal(
    run(join(home, 'bin/firebreak'), [], { env: { FIREBREAK_NODE: '', PATH: `${old}:/usr/bin:/bin` } }).exit,
    0,
  );
});

test('in a checkout the build runs only while no source is newer: a stale build never runs', () => {
  const home = installed(join(work, 'checkout'));
  write(join(home, 'src/cli.ts'), CONFESSION);
  write(join(home, 'src/model/deep/file.ts'), '');
  write(join(home, 'src/model/deep/very/far/down/file.ts'), '');
  symlinkSync('..', join(home, 'src/model/round'));
  mkdirSync(join(home, 'node_modules/yaml'), { recursive: true });
  const deep = ['very', 'very/far', 'very/far/down', 'very/far/down/file.ts'].map((path) => `src/model/deep/${path}`);
  const folders = [
    'package-lock.json',
    'src',
    'src/cli.ts',
    'src/model',
    'src/model/deep',
    'src/model/deep/file.ts',
    ...deep,
  ];
  write(join(home, 'package-lock.json'), '{}');
  const age = (path: string, seconds: number) => utimesSync(join(home, path), seconds, seconds);
  for (const path of folders) age(path, 1_700_000_000);
  age('dist/cli.js', 1_700_000_001);
  const ran = () => run(join(home, 'bin/firebreak')).said?.program.slice(home.length + 1);
  assert.equal(ran(), 'dist/cli.js');
  for (const path of folders) {
    age(path, 1_700_000_002);
    assert.equal(ran(), 'src/cli.ts', `${path} is newer`);
    age(path, 1_700_000_000);
  }
  rmSync(join(home, 'dist'), { recursive: true });
  assert.equal(ran(), 'src/cli.ts');
});

test('a checkout without its libraries, and a package without its program, say so with exit 69', () => {
  const bare = installed(join(work, 'bare'));
  rmSync(join(bare, 'dist'), { recursive: true });
  write(join(bare, 'src/cli.ts'), CONFESSION);
  assert.match(run(join(bare, 'bin/firebreak')).stderr, /libraries are not installed[\s\S]*npm ci/);
  const empty = installed(join(work, 'empty'));
  rmSync(join(empty, 'dist'), { recursive: true });
  const result = run(join(empty, 'bin/firebreak'));
  assert.deepEqual([result.exit, /no program in it/.test(result.stderr)], [69, true]);
});

/** Under limits of a shell, as a person sets them. */
function limited(home: string, limits: string) {
  return run('/bin/sh', ['-c', `${limits}; exec "$0"`, join(home, 'bin/firebreak')]);
}

test('limits that end Node without a word are told in a sentence, with exit 69; those that we may raise are raised', () => {
  const home = installed(join(work, 'limited'));
  const cases: readonly (readonly [limits: string, says: string])[] = [
    [
      'ulimit -n 20',
      'firebreak: only 20 files may be open at once (ulimit -n), and Firebreak needs 32. Nothing was done.\n' +
        'firebreak: In this shell, as root, or else in a new login: ulimit -n 256\n',
    ],
    [
      'ulimit -s 64',
      'firebreak: only 64 KiB of stack may be used (ulimit -s), and Firebreak needs 512. Nothing was done.\n' +
        'firebreak: In this shell, as root, or else in a new login: ulimit -s 8192\n',
    ],
    [
      'ulimit -f 2000',
      'firebreak: no file may grow beyond 1000 KiB (ulimit -f), which may end a run half-way. Nothing was done.\n' +
        'firebreak: In this shell, as root, or else in a new login: ulimit -f unlimited\n',
    ],
    [
      'ulimit -v 65536',
      'firebreak: only 64 MiB of addresses may be used (ulimit -v), and Node.js sets 1 500 MiB aside, most of which it never uses. Nothing was done.\n' +
        'firebreak: In this shell, as root, or else in a new login: ulimit -v unlimited\n',
    ],
  ];
  for (const [limits, says] of cases) {
    const { exit, stderr, said } = limited(home, limits);
    assert.deepEqual({ exit, stderr, said }, { exit: 69, stderr: says, said: null });
    const raised = limited(home, limits.replace('ulimit', 'ulimit -S'));
    assert.deepEqual([raised.exit, raised.stderr, raised.said?.program], [0, '', join(home, 'dist/cli.js')]);
  }
});

test('a folder with a space, a quote, a newline, a percent sign in its name is as good as any; one with a backslash is refused in a sentence', () => {
  const odd = installed(join(work, 'o\'d "d\n#%41 $x?'));
  assert.equal(run(join(odd, 'bin/firebreak')).said?.program, join(odd, 'dist/cli.js'));
  const backslash = installed(join(work, 'back\\slash'));
  const refused = {
    exit: 69,
    stderr:
      'firebreak: the path of this installation has a backslash in it, and Node.js loads nothing from such a folder. Nothing was done.\n' +
      'firebreak: Move it, or install it again in another folder.\n',
    said: null,
  };
  assert.deepEqual(run(join(backslash, 'bin/firebreak')), refused);
  assert.deepEqual(run('./firebreak', [], { cwd: join(backslash, 'bin') }), refused);
});

test('where Node could not start first aid is printed at once, and nothing is started: exit 69', () => {
  const home = installed(join(work, 'starved'));
  const { exit, said, stderr } = run(join(home, 'bin/firebreak'), [], { env: { FIREBREAK_SLOTS: '2' } });
  const lines = stderr.split('\n');
  assert.deepEqual(
    [exit, said, lines.slice(0, 2), lines.filter((line) => /^[123]\. /.test(line)).length],
    [
      69,
      null,
      [
        'firebreak: too few process slots are free: 2 with its own, and Firebreak needs 3. Nothing was done.',
        '  FIREBREAK_SLOTS says so.',
      ],
      3,
    ],
  );
  assert.equal(run(join(home, 'bin/firebreak'), [], { env: { FIREBREAK_SLOTS: '3' } }).exit, 0);
});

test('first aid names the mailers that cron started, and only those, with the words to type', () => {
  const home = installed(join(work, 'mailers'));
  // Copies of a shell have these names in comm; `read` waits without a child. cron leads its session, as the daemon
  // does.
  for (const name of ['cron', 'sendmail', 'postdrop']) copyFileSync('/bin/sh', join(home, name));
  const scene = `
    exec 3<>"$PWD/fifo"
    setsid -f ./cron -c 'echo cron $$; ./sendmail -c "echo mailer \\$\\$; ./postdrop -c \\"echo mailer \\\\\\$\\\\\\$; read x\\"; read x"; read x' <&3
    setsid -f ./sendmail -c 'echo stranger $$; read x' <&3
    sleep 0.5
    FIREBREAK_SLOTS=2 bin/firebreak
    echo >&3; echo >&3; echo >&3; echo >&3`;
  spawnSync('mkfifo', [join(home, 'fifo')]);
  const { stdout, stderr } = spawnSync('sh', ['-c', scene], { cwd: home, encoding: 'utf8', timeout: 120_000 });
  const pids = (who: string) =>
    stdout.split('\n').flatMap((line) => (line.startsWith(`${who} `) ? [line.slice(who.length + 1)] : []));
  const typed = stderr
    .split('\n')
    .flatMap((line) =>
      line.startsWith('     kill') && !line.includes('-KILL') ? line.trim().split(' ').slice(1) : [],
    );
  assert.equal(pids('mailer').length, 2, stdout + stderr);
  for (const pid of pids('mailer')) assert.ok(typed.includes(pid), stderr);
  assert.deepEqual([pids('stranger').length, typed.includes(pids('stranger')[0] ?? '')], [1, false], stderr);
});

test('first aid leaves alone what another user runs under the name of cron, and what that has started', {
  skip: process.getuid?.() !== 0,
}, () => {
  const home = installed(join(work, 'look-alikes'));
  for (const name of ['cron', 'sendmail']) copyFileSync('/bin/sh', join(home, name));
  // One before the real daemon and one after it, each with a mailer. All of them lead their sessions.
  const own = (who: string) =>
    `setsid -f ./cron -c 'echo ${who} $$; ./sendmail -c "echo ${who}-mailer \\$\\$; read x"; read x' <&3`;
  const theirs = (who: string) =>
    own(who).replace('setsid -f', 'setsid -f setpriv --reuid=1001 --regid=1001 --clear-groups');
  const scene = `
    exec 3<>"$PWD/fifo"
    chmod 666 fifo; chmod 755 . ..
    ${theirs('first')}; sleep 0.3; ${own('real')}; sleep 0.3; ${theirs('last')}; sleep 0.5
    FIREBREAK_SLOTS=2 bin/firebreak
    for each in 1 2 3 4 5 6; do echo >&3; done`;
  spawnSync('mkfifo', [join(home, 'fifo')]);
  const { stdout, stderr } = spawnSync('sh', ['-c', scene], { cwd: home, encoding: 'utf8', timeout: 120_000 });
  const pid = (who: string) =>
    stdout.split('\n').flatMap((line) => (line.startsWith(`${who} `) ? [line.slice(who.length + 1)] : []))[0] ?? 'none';
  const typed = stderr
    .split('\n')
    .flatMap((line) =>
      line.startsWith('     kill') && !line.includes('-KILL') ? line.trim().split(' ').slice(1) : [],
    );
  const all = ['first', 'first-mailer', 'last', 'last-mailer', 'real', 'real-mailer'];
  assert.ok(
    all.every((who) => pid(who) !== 'none'),
    stdout + stderr,
  );
  assert.deepEqual(
    all.map((who) => [who, typed.includes(pid(who))]),
    [
      ['first', false],
      ['first-mailer', false],
      ['last', false],
      ['last-mailer', false],
      ['real', true],
      ['real-mailer', true],
    ],
    stderr,
  );
  const alike = stderr.split('\n').find((line) => line.includes('only has the name')) ?? '';
  assert.ok(
    [pid('first'), pid('last')].every((each) => alike.includes(`cron, pid ${each} of user 1001`)),
    stderr,
  );
});
