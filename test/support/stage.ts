import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { main } from '../../src/cli.ts';
import type { Io } from '../../src/commands/_command.ts';
import { assertNdjson } from './event-schema.ts';
import { testIo } from './test-io.ts';

/**
 * A small real incident for whole commands, for any user: a line of a file that is wrong, files that lie about, and a
 * runbook for both.
 */
export interface Stage {
  readonly folder: string;
  readonly path: (name: string) => string;
  readonly write: (name: string, text: string) => string;
  /** What a remedy would change, to compare before and after. */
  readonly world: () => { readonly conf: string; readonly spool: readonly string[] };
  /**
   * Runs a command of firebreak here: its journals and its lock are nobody else's. Every line of NDJSON is held to the
   * schema.
   */
  readonly firebreak: (argv: readonly string[], given?: Partial<Io>) => Promise<Said>;
}

export interface Said {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

let made = 0;

export const CONF = `colour = red\n${Array.from({ length: 12 }, (_, at) => `line ${at}\n`).join('')}password = far-away\n`;

/** The parameters have defaults, so that a test can name none. */
export function paintRunbook(folder: string): string {
  return `firebreak: 1
runbook: paint
version: 1.0.0
title: the colour is wrong and old files lie about
params:
  for: {type: duration, default: 200ms, about: how long to watch}
  spool: {type: path, default: ${folder}/spool, about: where the old files are}
limits: {edit: 1, delete: 5}
diagnose:
  - id: red
    text: {file: ${folder}/conf, matches: '^colour = red'}
    expect: {matches: {at_least: 1}}
  - id: old
    files: {in: $spool, type: file}
    decisive: false
act:
  - id: paint
    why: red is wrong
    edit: {file: ${folder}/conf, set_line: {matching: '^colour', to: colour = blue}}
  - id: clean
    why: they are old
    delete: {targets: $old, batch: 2}
verify:
  - id: calm
    watch: {for: $for, every: 50ms}
    hold:
      - {of: $red, matches: {at_most: 0}}
`;
}

export const PAINT_POLICY =
  'firebreak_policy: 1\nallow:\n  - {id: paints, runbook: paint, declared_write: allow, limits: {delete: 5}}\n';

export function setStage(test: TestContext): Stage {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'firebreak-stage-')));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = (name: string) => join(folder, name);
  const write = (name: string, text: string): string => {
    // Whatever the umask of who runs the tests: a run uses no file that others could have written.
    writeFileSync(path(name), text, { mode: 0o644 });
    return path(name);
  };
  const env = {
    PATH: '/usr/bin:/bin',
    FIREBREAK_STATE: path('state'),
    FIREBREAK_LOCK: `stage-${process.pid}-${++made}`,
  };
  mkdirSync(path('spool'));
  for (const name of ['a', 'b', 'c']) write(`spool/${name}`, name);
  write('conf', CONF);
  write('paint.yaml', paintRunbook(folder));
  write('policy.yaml', PAINT_POLICY);
  return {
    folder,
    path,
    write,
    world: () => ({ conf: readFileSync(path('conf'), 'utf8'), spool: readdirSync(path('spool')).sort() }),
    firebreak: async (argv, given = {}) => {
      const { io, out, err } = testIo({ env, cwd: folder, home: folder, ...given });
      const exit = await main(argv, io);
      if (argv.includes('ndjson')) assertNdjson(out());
      return { exit, out: out(), err: err() };
    },
  };
}
