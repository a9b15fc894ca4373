import { boolean, integer, list, literal, object, words } from '../../model/runbook/shape.ts';
import type { Schema } from '../../model/verb.ts';

/** The keys of a hosts.yaml, in the words of model/runbook/shape.ts. Nothing in it is a reference. */
export const GROUP_NAME = '^[A-Za-z_][A-Za-z0-9_.-]*$';
const group = words('The name of a group.', { pattern: GROUP_NAME, 'x-example': 'web' });

const CONNECTION: Readonly<Record<string, Schema>> = {
  port: literal({ ...integer("sshd's port. Default: as ssh_config says.", 1), maximum: 65_535 }),
  user: words('Who to log in as. Default: as ssh_config says.', { 'x-example': 'oncall' }),
  identity: words('A private key: an absolute path, or below `~/`. Default: as ssh_config and the agent say.', {
    pattern: '^(?:/|~/)',
    'x-example': '~/.ssh/oncall',
  }),
  become: literal(boolean('Whether to act as root through sudo. Default: as --become says.')),
};

const LABELS: Schema = {
  type: 'object',
  description: 'What else is true of it, to be chosen by: `--limit role=web`.',
  propertyNames: { pattern: GROUP_NAME },
  additionalProperties: { type: ['string', 'number', 'boolean'], description: 'The value, as a text.' },
};

/** `web1:` alone is a host of which ssh_config says all. */
const orNothing = (shape: Schema): Schema => ({ anyOf: [shape, { type: 'null' }] });

const HOST = object('A host, and how it is reached.', {
  address: words('Where it is, if its name is not where: an IP address or another name.', { 'x-example': '10.0.0.11' }),
  ...CONNECTION,
  groups: { description: 'The groups that it is in, besides those that hold them.', 'x-one-or-more': group },
  labels: LABELS,
});

const GROUP = object('Hosts that are alike in something.', {
  about: words('What they are.'),
  children: list('Groups whose hosts are in this one too.', group, { minItems: 1 }),
  labels: {
    ...LABELS,
    description: 'Labels of all its hosts; a host, and a group inside of this one, may say otherwise.',
  },
});

export const HOSTS = object(
  'Hosts, how they are reached, and what they have in common.',
  {
    firebreak_hosts: { type: 'integer', enum: [1], description: 'The version of this language: 1.' },
    about: words('Whose hosts these are.'),
    defaults: object('How all hosts are reached that do not say otherwise.', CONNECTION),
    groups: { type: 'object', additionalProperties: orNothing(GROUP), description: 'Every group, by name.' },
    hosts: {
      type: 'object',
      minProperties: 1,
      additionalProperties: orNothing(HOST),
      description: 'Every host, by the name that ssh_config knows it by, or several at once: `web[01:20]`.',
    },
  },
  ['firebreak_hosts', 'hosts'],
);
