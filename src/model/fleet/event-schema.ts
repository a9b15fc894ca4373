import type { FleetFact, HostEnd, PlanGroup, Target } from '../fleet.ts';
import { OUTCOMES } from '../outcome.ts';
import {
  any,
  closed,
  type Described,
  listKey,
  looselyClosed,
  map,
  number,
  optional,
  orNull,
  type Shape,
  textKey,
  texts,
  wholeKey,
  wordKey,
  yesNo,
} from '../run/event-words.ts';
import type { Schema } from '../verb.ts';
import { ORDERS, type Size, type Strategy } from './strategy.ts';

/**
 * The schema of a fleet run's events; see event-schema.ts. `run` and `host` of an event are those of the fleet, unless
 * its comment says otherwise.
 */

type Of<T extends FleetFact['type']> = Omit<Extract<FleetFact, { readonly type: T }>, 'type'>;
type Facts = { readonly [T in FleetFact['type']]: { readonly about: string; readonly shape: Shape<Of<T>> } };
type Started = Of<'fleet.started'>;

const HOSTS = texts('Names of hosts.');
const REASONS = texts('Why.');
const OUTCOME = wordKey('How; each has an exit code.', Object.keys(OUTCOMES));

type SizeOf<K extends Size['kind']> = Omit<Extract<Size, { readonly kind: K }>, 'kind'>;
const size = (kind: Size['kind'], about: string, shape: Readonly<Record<string, Schema>>): Schema =>
  looselyClosed(about, { kind: { const: kind }, ...shape });
const COUNTED = size('hosts', 'So many hosts.', { count: wholeKey('How many.') } satisfies Shape<SizeOf<'hosts'>>);
const SHARE = size('share', 'A share of them.', { percent: number('Of a hundred.') } satisfies Shape<SizeOf<'share'>>);
const REST = size('rest', 'All that are left.', {} satisfies Shape<SizeOf<'rest'>>);

const TARGET = closed<Target>('A host as it is named and reached.', {
  name: textKey('Its name, which is unique.'),
  address: orNull(textKey("ssh's HostName, where the name is none.")),
  port: orNull(wholeKey('Of sshd.')),
  user: orNull(textKey('Who logs in.')),
  identity: orNull(textKey('Path of a private key.')),
  groups: texts('The groups of the inventory that it is in.'),
  labels: map('Of the inventory.', { type: 'string' }),
  become: orNull(yesNo('Root through sudo.')),
});
const STRATEGY = closed<Strategy>('In which order and how boldly.', {
  batches: listKey('How many are done when a batch has ended.', { anyOf: [COUNTED, SHARE, REST] }),
  atOnce: wholeKey('How many hosts at once.'),
  pause: number('Milliseconds between batches.'),
  failures: { description: 'No further host is begun once more than this have failed.', anyOf: [COUNTED, SHARE] },
  order: wordKey('Of the hosts.', ORDERS),
});
const GROUP = closed<PlanGroup>('Hosts on which the run would do the same, or which have the same trouble.', {
  kind: wordKey('Which of both.', [
    'act',
    'looked-only',
    'not-this-incident',
    'refused',
    'unreachable',
  ] satisfies PlanGroup['kind'][]),
  hosts: HOSTS,
  says: textKey('What they have in common, in words.'),
  example: orNull(textKey('One of them that was planned.')),
});
const END: Shape<HostEnd> = {
  host: textKey('Which host.'),
  run: orNull(textKey('The id of its own run. Null: none was begun.')),
  outcome: OUTCOME,
  verdict: orNull(wordKey("The watch's verdict.", ['held', 'recurred', 'inconclusive'])),
  reasons: REASONS,
};

const TOLD: Facts = {
  'fleet.started': {
    about: 'A fleet run begins: what it will do on which hosts, and who started it.',
    shape: {
      runbook: closed<Started['runbook']>('Which runbook.', {
        name: textKey('Its name.'),
        version: textKey('Its own version.'),
        title: textKey('One line: the incident.'),
        path: textKey('Where it was read from.'),
        hash: textKey('SHA-256 of its bytes.'),
      }),
      text: optional(textKey('The whole text of the runbook.')),
      params: map('The parameters, by name.', any('A value.')),
      strategy: STRATEGY,
      hosts: listKey('In the order of the run.', TARGET),
      skipped: texts('Chosen, and left out by name.'),
      who: textKey('Who started it.'),
      mode: wordKey('Who decides.', ['interactive', 'unattended'] satisfies Started['mode'][]),
      policy: orNull(
        closed<NonNullable<Started['policy']>>('The policy that decides.', {
          path: textKey('Its file.'),
          hash: textKey('SHA-256 of its bytes.'),
        }),
      ),
      tool: textKey("Firebreak's version."),
      reach: any('How the hosts are reached.'),
    },
  },
  'fleet.resumed': {
    about: 'The same fleet run goes on, after a crash, an interrupt, or to roll back.',
    shape: { to: wordKey('What for.', ['finish', 'roll-back']), who: textKey('Who took it up.'), hosts: HOSTS },
  },
  'fleet.planned': {
    about: 'Every host is planned; none was touched.',
    shape: { groups: listKey('The largest that acts first.', GROUP) },
  },
  'batch.started': {
    about: 'A batch begins.',
    shape: { batch: wholeKey('1, 2, 3 ...'), of: wholeKey('Of so many.'), hosts: HOSTS },
  },
  'host.started': {
    about: 'On disk before the host is touched. Its own run tells the rest.',
    shape: { host: textKey('Which host.'), run: textKey('The id of its own run.') },
  },
  'host.finished': { about: 'The run of a host is over, or was not begun.', shape: END },
  'host.rolled-back': { about: 'What was done on a host has been undone, or could not be.', shape: END },
  'batch.finished': { about: 'A batch is over.', shape: { batch: wholeKey('1, 2, 3 ...'), failed: HOSTS } },
  'fleet.stopped': { about: 'No further host is begun.', shape: { why: textKey('In words.'), notBegun: HOSTS } },
  'fleet.noted': { about: 'A word for whoever reads.', shape: { text: textKey('One line.') } },
  'fleet.finished': {
    about: 'A fleet run is over: with the worst that became of any host.',
    shape: { outcome: OUTCOME, reasons: REASONS },
  },
};
export const FLEET_FACTS = TOLD as Readonly<Record<string, Described>>;
