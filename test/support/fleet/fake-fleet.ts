import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FakeWorld } from '../../../src/hosts/fake/world.ts';
import { fakeHost } from '../../../src/hosts/fake.ts';
import { readOnly } from '../../../src/hosts/read-only.ts';
import { loadRunbook } from '../../../src/load/load.ts';
import { bindParams } from '../../../src/load/runbook/params.ts';
import type { RunEvent, Stamped } from '../../../src/model/event.ts';
import type { FleetAsk, FleetEvent, FleetPlan, FleetView } from '../../../src/model/fleet/ports.ts';
import { type FleetState, fleetStateOf } from '../../../src/model/fleet/state.ts';
import { DEFAULT_STRATEGY, type Strategy } from '../../../src/model/fleet/strategy.ts';
import { targetNamed } from '../../../src/model/fleet/target.ts';
import { failure, type Host } from '../../../src/model/host.ts';
import type { OutcomeName } from '../../../src/model/outcome.ts';
import type { Mode } from '../../../src/model/policy/permit.ts';
import type { PolicyRule } from '../../../src/model/policy.ts';
import { type Journal, JournalError } from '../../../src/model/ports.ts';
import type { FleetEnding } from '../../../src/operations/fleet/life.ts';
import type { FleetParts, FleetRequest } from '../../../src/operations/fleet/parts.ts';
import { rollBackFleet } from '../../../src/operations/fleet/rollback.ts';
import { resumeFleet, runFleet } from '../../../src/operations/fleet/run.ts';
import { folderCatalogue } from '../../../src/wiring/catalogue.ts';
import { manualInterrupts } from '../../../src/wiring/interrupts.ts';
import { eventClock } from '../event-clock.ts';
import { assertEvent } from '../event-schema.ts';
import { stormWorld } from '../hosts/fake-storm.ts';
import { ruleOf } from '../policies.ts';

/** What may be made different for a test. */
export interface FleetScript {
  readonly hosts?: number;
  readonly strategy?: Partial<Strategy>;
  /** Present: attended. */
  readonly ask?: Partial<FleetAsk>;
  readonly rule?: Partial<PolicyRule>;
  /** In place of the bare fake; called each time a host is reached. Null: it cannot be reached. */
  readonly reach?: (host: Host, world: FakeWorld, times: number) => Host | null;
  readonly permit?: FleetParts['permit'];
  readonly stop?: () => string | null;
  /** Sees every event of the fleet and of its hosts once it is journaled. */
  readonly onEvent?: (event: FleetEvent | RunEvent, fleet: FakeFleet) => void;
  /** Before an event is journaled; may throw. */
  readonly onAppend?: (event: Stamped) => void;
  readonly locked?: readonly string[];
  /** The founding runbook with another text. */
  readonly edited?: (text: string) => string;
}

/** Hosts in memory, in the storm, with the journals of all that is run on them. */
export interface FakeFleet {
  readonly worlds: ReadonlyMap<string, FakeWorld>;
  readonly journal: FleetEvent[];
  readonly runs: Map<string, { readonly events: RunEvent[]; readonly records: Map<string, string> }>;
  readonly plans: FleetPlan[];
  readonly interrupts: ReturnType<typeof manualInterrupts>;
  readonly state: () => FleetState;
  /** How many hosts were at work at the same time, at the most. */
  readonly most: () => number;
  run(): Promise<FleetEnding>;
  resume(only?: readonly string[], over?: FleetScript): Promise<FleetEnding>;
  rollBack(only?: readonly string[], over?: FleetScript): Promise<FleetEnding>;
}

const PATH = join(import.meta.dirname, '../../../runbooks/cron-mail-storm.yaml');
const catalogue = folderCatalogue();

async function storm(
  edited: (text: string) => string = (text) => text,
): Promise<Pick<FleetRequest, 'runbook' | 'params'>> {
  const runbook = await loadRunbook({
    path: PATH,
    text: edited(readFileSync(PATH, 'utf8')),
    catalogue,
    findUsed: () => 'none',
  });
  if (!runbook.ok) throw new Error('the library has a mistake');
  const params = bindParams(runbook.value, { watch: '4s', ticks: '1' });
  if (!params.ok) throw new Error('the parameters have a mistake');
  return { runbook: runbook.value, params: params.value };
}
let loaded: ReturnType<typeof storm> | undefined;

export const nameOf = (number: number): string => `web-${number}`;

export function fakeFleet(script: FleetScript = {}): FakeFleet {
  const clock = eventClock();
  const names = Array.from({ length: script.hosts ?? 5 }, (_, at) => nameOf(at + 1));
  const worlds = new Map(names.map((name) => [name, stormWorld(clock)]));
  const journal: FleetEvent[] = [];
  const runs: FakeFleet['runs'] = new Map();
  const plans: FleetPlan[] = [];
  const reached = new Map<string, number>();
  const held = new Set<string>();
  let most = 0;
  let fleet: FakeFleet;

  function partsFor(given: FleetScript): FleetParts {
    const view: FleetView = {
      show: (event) => given.onEvent?.(event, fleet),
      planned: (plan) => void plans.push(plan),
      close: () => {},
    };
    const modeOf = async (): Promise<Mode> =>
      given.ask
        ? { kind: 'attended' }
        : {
            kind: 'unattended',
            policy: policyFor(given.rule ?? {}),
            trigger: { who: 'tester', zone: 'UTC', past: [] },
          };
    return {
      here: 'laptop',
      journal: journalIn('fleet-1', journal as unknown as Stamped[], new Map(), given),
      views: [view],
      catalogue,
      clock,
      interrupts: fleet.interrupts,
      hostInterrupts: () => manualInterrupts(),
      ask: given.ask ? { ...YES, ...given.ask } : null,
      lookAtOnce: 20,
      ...(given.stop && { stop: given.stop }),
      mode: modeOf,
      async reach(target) {
        if (target === null) throw new Error('a fleet is elsewhere');
        const world = worlds.get(target.name);
        if (world === undefined) throw new Error(`no host ${target.name}`);
        const times = (reached.get(target.name) ?? 0) + 1;
        reached.set(target.name, times);
        const bare = fakeHost(world, target.name);
        const host = given.reach ? given.reach(bare, world, times) : bare;
        if (host === null) return failure('unreachable', `${target.name} cannot be reached: Connection timed out`);
        return {
          ok: true,
          reached: {
            host,
            readOnlyHost: readOnly(host),
            target: { ...target, become: false, config: null },
            notes: [],
            async lock() {
              if (given.locked?.includes(target.name) || held.has(target.name))
                return failure('locked', `another run holds ${target.name}`);
              held.add(target.name);
              most = Math.max(most, held.size);
              return { ok: true, note: null, release: async () => void held.delete(target.name) };
            },
            close: async () => {},
          },
        };
      },
      async openRun(_runbook, host) {
        const run = `run-${runs.size + 1}-${host}`;
        const kept = { events: [], records: new Map<string, string>() };
        runs.set(run, kept);
        return { ok: true, journal: journalIn(run, kept.events, kept.records, given) };
      },
      async reopenRun(run) {
        const kept = runs.get(run);
        if (kept === undefined) return failure('no-run', `no run is called ${run}`);
        if (kept.events.length === 0) return failure('empty', 'nothing was written but the beginning');
        return {
          ok: true,
          journal: journalIn(run, kept.events, kept.records, given),
          events: [...kept.events],
          orphans: [],
        };
      },
      readRun: (run) => {
        const kept = runs.get(run);
        if (kept === undefined) return failure('no-run', `no run is called ${run}`);
        return kept.events.length === 0 ? failure('empty', 'nothing was written') : { ok: true, events: kept.events };
      },
      permit: given.permit ?? (async () => null),
    };
  }

  async function requestFor(given: FleetScript): Promise<FleetRequest> {
    loaded ??= storm();
    const asked = script.edited ? await storm(script.edited) : await loaded;
    return {
      ...asked,
      raised: {},
      strategy: { ...DEFAULT_STRATEGY, ...script.strategy, ...given.strategy },
      hosts: names.map((name) => targetNamed(name)),
      skipped: [],
      reach: null,
      who: 'ada',
      policy: given.ask ? null : policyFor(given.rule ?? {}),
      tool: 'test',
      notes: [],
      fleetNotes: [],
    };
  }

  const only = (hosts: readonly string[] | undefined): ReadonlySet<string> | null => (hosts ? new Set(hosts) : null);
  const state = () => fleetStateOf(journal);
  /** The kernel takes back what a dead engine held. */
  const anew = (): void => held.clear();
  fleet = {
    worlds,
    journal,
    runs,
    plans,
    interrupts: manualInterrupts(),
    state,
    most: () => most,
    run: async () => runFleet(await requestFor(script), partsFor(script)),
    resume: async (hosts, over = script) => {
      anew();
      return resumeFleet(await requestFor(over), partsFor(over), state(), only(hosts));
    },
    rollBack: async (hosts, over = script) =>
      rollBackFleet(await requestFor(over), partsFor(over), state(), only(hosts)),
  };
  return fleet;
}

/** Whoever is asked says yes. */
const YES: FleetAsk = {
  approve: async () => ({ choice: 'run', reason: null }),
  next: async () => ({ choice: 'run', reason: null }),
  undo: async () => 'undo',
  confirm: async () => ({ done: true, reason: null }),
};

const policyFor = (rule: Partial<PolicyRule>) => ({
  rules: [ruleOf({ id: 'storm', runbook: 'cron-mail-storm', onFailure: 'undo', undo: 'all', ...rule })],
  freeze: [],
  source: { path: 'policy.yaml', hash: 'hash' },
});

function journalIn(run: string, events: Stamped[], records: Map<string, string>, { onAppend }: FleetScript): Journal {
  return {
    run,
    folder: '/nowhere',
    async append(event) {
      assertEvent(event);
      try {
        onAppend?.(event);
      } catch (error) {
        throw error instanceof Error ? new JournalError(error.message) : error;
      }
      events.push(event);
    },
    async keep(bytes) {
      const name = `record-${records.size}`;
      records.set(name, bytes);
      return name;
    },
    recall: async (name) => records.get(name) ?? '',
    close: async () => {},
  };
}

/** The fleet's own journal in short: `batch 1 of 2: web-1`, `begin web-1`, `web-1 held`. */
export function storyOf(events: readonly FleetEvent[]): readonly string[] {
  return events.flatMap((event) => {
    switch (event.type) {
      case 'batch.started':
        return [`batch ${event.batch} of ${event.of}: ${event.hosts.join(' ')}`];
      case 'host.started':
        return [`begin ${event.host}`];
      case 'host.finished':
        return [`${event.host} ${event.outcome}`];
      case 'host.rolled-back':
        return [`${event.host} undone: ${event.outcome}`];
      case 'batch.finished':
        return event.failed.length === 0 ? [] : [`failed: ${event.failed.join(' ')}`];
      case 'fleet.planned':
        return [event.groups.map(({ says }) => says).join(', ')];
      case 'fleet.stopped':
        return [`stopped: ${event.why}; not begun: ${event.notBegun.join(' ')}`];
      case 'fleet.resumed':
        return [`resumed to ${event.to}: ${event.hosts.join(' ')}`];
      case 'fleet.finished':
        return [`ended ${event.outcome satisfies OutcomeName}`];
      default:
        return [];
    }
  });
}
