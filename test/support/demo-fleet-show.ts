import { renderFleetPlan } from '../../src/views/fleet-plan.ts';
import { demoFleetPlan } from './demo-fleet.ts';

/** Look at a fleet's views: `node test/support/demo-fleet-show.ts plan [--all] [--color]`. */
const args = process.argv.slice(2);
const look = {
  columns: Number(process.env.COLUMNS) || process.stdout.columns,
  color: args.includes('--color'),
  all: args.includes('--all'),
};
process.stdout.write(
  renderFleetPlan(demoFleetPlan, {
    ...look,
    command: 'firebreak run cron-mail-storm --inventory hosts.yaml',
    whole: (host) => `firebreak plan cron-mail-storm --inventory hosts.yaml --limit ${host}`,
    limits: ['rule night: at most 50 hosts a day, 3 used; at most 25% of a group at once'],
  }),
);
