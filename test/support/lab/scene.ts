import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { inNamespaces } from '../../../src/hosts/rehearsal.ts';
import { findRuns } from '../../../src/journal/find.ts';
import { readJournal } from '../../../src/journal/read.ts';
import type { RunEvent } from '../../../src/model/event.ts';
import { CHECKOUT } from './lab.ts';
import { inOwnPlaces } from './own-places.ts';

const DRILL = join(CHECKOUT, 'runbooks/cron-mail-storm.drill');
const uid = process.getuid?.() ?? 0;

/** What the world was like at one moment, as `world LABEL` of inside.sh saw it. */
export interface World {
  readonly cron: number;
  readonly mailers: number;
  readonly files: number;
  /** Of two crontabs. */
  readonly silenced: number;
  readonly decoy: number;
}

export interface Scene {
  readonly code: number | null;
  readonly hung: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly worlds: Readonly<Record<string, World>>;
  /** `say NAME=VALUE` lines. */
  readonly said: Readonly<Record<string, string>>;
}

/** A folder for journals outside of the scenes: what is in it survives them. */
export function stateFolder(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-faults-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * The drill's incident with cron's minute at half a second; in the place of the run, a shell text with the words of
 * test/faults/inside.sh.
 */
export async function inScene(
  script: string,
  // `outside`: what acts outside of the scene finds the state folder where root's is fixed.
  {
    state,
    within,
    outside = false,
  }: { readonly state: string; readonly within: number; readonly outside?: boolean | undefined },
): Promise<Scene> {
  const inside = ['sh', join(CHECKOUT, 'test/faults/inside.sh'), CHECKOUT, script, 'run', 'cron-mail-storm'];
  const drill = [...inNamespaces(), 'sh', join(DRILL, 'drill.sh'), 'namespaces', DRILL, ...inside];
  const [program = '', ...args] = outside ? inOwnPlaces(join(state, 'state'), drill).argv : drill;
  const env = {
    HOME: state,
    PATH: process.env.PATH,
    DRILL_MINUTE: '0.5',
    REAL_NODE: process.execPath,
    FIREBREAK_STATE: join(state, 'state'),
    OUT: state,
  };
  const child = spawn(program, args, { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (data) => (text.stdout += data));
  child.stderr.setEncoding('utf8').on('data', (data) => (text.stderr += data));
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    child.kill('SIGKILL');
  }, within);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  return { code, hung, ...text, worlds: worldsIn(text.stdout), said: saidIn(text.stdout) };
}

function worldsIn(text: string): Readonly<Record<string, World>> {
  const lines = [...text.matchAll(/^world (\S+) cron=(\d+) mailers=(\d+) files=(\d+) silenced=(\d+) decoy=(\d+)$/gm)];
  return Object.fromEntries(
    lines.map(([, label = '', ...numbers]) => {
      const [cron = 0, mailers = 0, files = 0, silenced = 0, decoy = 0] = numbers.map(Number);
      return [label, { cron, mailers, files, silenced, decoy }];
    }),
  );
}

function saidIn(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...text.matchAll(/^say (\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
}

/**
 * The events of the only run below a state folder; null: it has no journal, or an empty one. Throws where the journal
 * is damaged.
 */
export function eventsIn(state: string): readonly RunEvent[] | null {
  const { runs } = findRuns({ places: [{ path: state, home: true }], uid });
  const [run] = runs;
  if (run === undefined) return null;
  const read = readJournal(run.folder);
  if (!read.ok) throw new Error(`the journal is damaged: ${read.message}`);
  return read.events;
}
