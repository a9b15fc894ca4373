import { batchesOf } from '../../../src/model/fleet/batches.ts';
import { groupPlans } from '../../../src/model/fleet/groups.ts';
import type { FleetPlan } from '../../../src/model/fleet/ports.ts';
import { DEFAULT_STRATEGY } from '../../../src/model/fleet/strategy.ts';
import type { HostPlan } from '../../../src/model/fleet.ts';
import type { Plan, PlannedAction, PlannedStep } from '../../../src/model/plan.ts';
import { plural, showSize } from '../../../src/model/text/quantity.ts';
import { nothingToDo, type Observation } from '../../../src/model/verb.ts';
import { demoPlan, emptyMaildrop, killMailers, silenceJobs, startCron, stopCron } from '../views/demo-plan.ts';

/**
 * The founding incident on many hosts at once: most alike, some that differ, some where it is not the incident, one
 * that is not there.
 */

const seen = (step: PlannedAction, change: Partial<Observation>): PlannedAction => ({
  ...step,
  observation: step.observation && { ...step.observation, ...change },
});

/** Counts differ from host to host, as they do. */
export function stormOn(host: string, at: number): Plan {
  const [mailers, files] = [38 + (at % 5), 1690 + ((at * 7) % 13)];
  const targets = { kind: 'processes', count: mailers, members: [], detail: null } as const;
  const mail = { kind: 'files', count: files, bytes: files * 612, members: [], detail: null } as const;
  const half = Math.floor(mailers / 2);
  return {
    ...demoPlan,
    host,
    at: demoPlan.at + at * 40,
    steps: demoPlan.steps.flatMap((step): readonly PlannedStep[] => {
      if (step.id === stopCron.id) return [seen(stopCron, { summary: 'stop cron, to be started again within 15 min' })];
      if (step.id === killMailers.id) {
        const summary = `kill ${mailers} processes: ${mailers - half} sendmail, ${half} postdrop`;
        return [seen(killMailers, { summary, targets, blocks: [], costs: { kill: mailers } })];
      }
      if (step.id === emptyMaildrop.id) {
        const summary = `delete ${plural(files, 'file')} (${showSize(files * 612)}) in /var/spool/postfix/maildrop`;
        const warnings =
          at === 4 || at === 9 ? [`${at} files of alice's sample are not cron's mail: they would be lost`] : [];
        return [seen(emptyMaildrop, { summary, targets: mail, blocks: [], costs: { delete: files }, warnings })];
      }
      if (step.id === silenceJobs.id)
        return [seen(silenceJobs, { summary: 'set MAILTO="" for 2 jobs in 1 crontab', blocks: [] })];
      if (step.id === startCron.id) return [seen(startCron, { summary: 'start cron' })];
      return [step];
    }),
  };
}

/** Somebody was quicker: the mailers are gone already. */
function halfDone(host: string, at: number): Plan {
  const plan = stormOn(host, at);
  const nothing = nothingToDo('no process is left');
  return {
    ...plan,
    steps: plan.steps.map((step) =>
      step.kind === 'action' && step.id === killMailers.id ? { ...step, observation: nothing } : step,
    ),
  };
}

function elsewhere(host: string, at: number): Plan {
  const reasons = ['postfix: wanted state is stopped, seen running'];
  return {
    ...demoPlan,
    host,
    at: demoPlan.at + at * 40,
    steps: [],
    open: [],
    estimate: 0,
    diagnosis: { verdict: 'not-this-incident', reasons },
    refusal: { outcome: 'not-this-incident', reasons },
  };
}

const numbered = (name: string, from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => `${name}${from + at}`);
const planned = (make: (host: string, at: number) => Plan, hosts: readonly string[], from = 0): readonly HostPlan[] =>
  hosts.map((host, at) => ({ kind: 'plan', host, plan: make(host, from + at) }));

const ALIKE = numbered('web-', 1, 37);
const DIFFER = ['mail-3', 'mail-11', 'db-1.eu.example.com'];
const CALM = ['cache-1', 'cache-2'];
const REFUSED_KEY = 'the host key has changed: somebody sits in between, or the host was installed anew';

const PLANS: readonly HostPlan[] = [
  ...planned(stormOn, ALIKE),
  ...planned(halfDone, DIFFER, 37),
  ...planned(elsewhere, CALM, 40),
  { kind: 'unreachable', host: 'old-9', code: 'host-key', reason: REFUSED_KEY },
];
const strategy = { ...DEFAULT_STRATEGY, pause: 30_000 };

export const demoFleetPlan: FleetPlan = {
  runbook: demoPlan.runbook,
  params: demoPlan.params,
  strategy,
  plans: PLANS,
  groups: groupPlans(PLANS),
  batches: batchesOf(strategy, [...ALIKE, ...DIFFER]),
  skipped: ['web-38', 'web-39', 'web-40'],
};
