import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FakeWorld } from '../../../src/hosts/fake/world.ts';
import { readOnly } from '../../../src/hosts/read-only.ts';
import { loadRunbook } from '../../../src/load/load.ts';
import { bindParams } from '../../../src/load/runbook/params.ts';
import type { RunEvent } from '../../../src/model/event.ts';
import type { Host } from '../../../src/model/host.ts';
import { stateOf } from '../../../src/model/state.ts';
import type { Clock } from '../../../src/model/verb.ts';
import type { RunParts, RunRequest } from '../../../src/operations/carry-out.ts';
import { resume } from '../../../src/operations/resume.ts';
import { rollBack } from '../../../src/operations/rollback.ts';
import { run } from '../../../src/operations/run.ts';
import type { Ending } from '../../../src/run/running.ts';
import { folderCatalogue } from '../../../src/wiring/catalogue.ts';
import { manualInterrupts } from '../../../src/wiring/interrupts.ts';
import { assertEvent } from '../event-schema.ts';
import { ruleOf } from '../policies.ts';
import { cronWorld, file, SPOOL } from './cron-world.ts';
import { mailStorm, processRecord } from './fake-processes.ts';
import { service } from './fake-world.ts';
import { cronMail } from './mail.ts';

const MAILDROP = '/var/spool/postfix/maildrop';
/** More than the first batch. */
const MAILS = 1200;
const MAIL = cronMail('root').toString('base64');
const INODES = 1220;
const JOBS = '* * * * * /bin/echo agent check: ok\n';

/** The founding incident on a host in memory: its own runbook, with its own verbs, heals it. Time is the clock's. */
export function stormWorld(clock: Clock): FakeWorld {
  const world = cronWorld({ root: JOBS });
  for (const name of ['cron', 'postfix'])
    world.services.set(
      name,
      service(name, name === 'cron' ? 'running' : 'stopped', { pid: name === 'cron' ? 20 : null }),
    );
  world.processes.push(processRecord({ pid: 20, name: 'cron' }));
  pileUp(world);
  // Each two seconds are one of cron's minutes, with a job.
  world.counters = () => ({
    minflt: 10 * Math.floor(clock.monotonic() / 2000),
    cminflt: 450 * Math.floor(clock.monotonic() / 2000),
  });
  const { facts } = world;
  const mails = () => [...world.files.keys()].filter((path) => path.startsWith(`${MAILDROP}/`)).length;
  return Object.defineProperties(world, {
    now: { get: () => clock.now() },
    facts: { get: () => ({ ...facts, uptime: clock.monotonic() }) },
    usage: { get: () => ({ ...USAGE, inodes: { total: INODES, free: INODES - mails() } }) },
  });
}

const USAGE = { path: '/', mount: '/', source: '/dev/vda', type: 'ext4', space: { total: 1e9, free: 5e8 } };

/** What cron does as long as it runs unsilenced. */
export function pileUp(world: FakeWorld): void {
  if (!world.files.has(MAILDROP)) world.files.set(MAILDROP, file('', { type: 'directory' }));
  for (let n = 0; n < MAILS; n += 1) world.files.set(`${MAILDROP}/${n.toString(16)}`, file('', { bytes: MAIL }));
  world.processes.push(...mailStorm(2).filter(({ pid }) => !world.processes.some((one) => one.pid === pid)));
}

/** What a person would look at; `healed` is the end of the incident. */
export function lookAround(world: FakeWorld) {
  return {
    cron: world.services.get('cron')?.state,
    mailers: world.processes.filter(({ name }) => name !== 'cron').length,
    mails: [...world.files.keys()].filter((path) => path.startsWith(`${MAILDROP}/`)).length,
    silenced:
      Buffer.from(world.files.get(`${SPOOL}/root`)?.bytes ?? '', 'base64')
        .toString()
        .match(/^MAILTO=""$/gm)?.length ?? 0,
  };
}
export const HEALED = { cron: 'running', mailers: 0, mails: 0, silenced: 1 };

const PATH = join(import.meta.dirname, '../../../runbooks/cron-mail-storm.yaml');
const POLICY = {
  rules: [ruleOf({ id: 'storm', runbook: 'cron-mail-storm', onFailure: 'undo', undo: 'all' })],
  freeze: [],
  source: { path: 'policy.yaml', hash: 'hash' },
};

async function requestFor(): Promise<RunRequest> {
  const catalogue = folderCatalogue();
  const runbook = await loadRunbook({
    path: PATH,
    text: readFileSync(PATH, 'utf8'),
    catalogue,
    findUsed: () => 'none',
  });
  if (!runbook.ok) throw new Error('the library has a mistake');
  const params = bindParams(runbook.value, { watch: '4s', ticks: '1' });
  if (!params.ok) throw new Error('the parameters have a mistake');
  const mode = { kind: 'unattended', policy: POLICY, trigger: { who: 'tester', zone: 'UTC', past: [] } } as const;
  return { runbook: runbook.value, params: params.value, mode, raised: {}, who: 'tester', tool: 'test' };
}

/** One life of a run on `host`; `events` are what the lives before it have left. */
export interface Life {
  readonly events: RunEvent[];
  readonly records: Map<string, string>;
  readonly host: Host;
  readonly clock: Clock;
}

export async function live(
  { events, records, host, clock }: Life,
  what: 'begin' | 'resume' | 'roll-back',
): Promise<Ending> {
  asked ??= requestFor();
  const request = await asked;
  const parts: RunParts = {
    host,
    readOnlyHost: readOnly(host),
    catalogue: folderCatalogue(),
    clock,
    journal: {
      run: 'run-1',
      folder: '/nowhere',
      keep: async (bytes) => {
        const name = `record-${records.size}`;
        records.set(name, bytes);
        return name;
      },
      recall: async (name) => records.get(name) ?? '',
      close: async () => {},
      append: async (event) => {
        assertEvent(event);
        events.push(event as RunEvent);
      },
    },
    views: [],
    interrupts: manualInterrupts(),
    ask: null,
    planned: () => {},
  };
  if (what === 'begin') return run(request, parts);
  const state = stateOf(events);
  return what === 'resume' ? resume(request, parts, state) : rollBack(request, parts, state, null);
}

let asked: Promise<RunRequest> | undefined;
