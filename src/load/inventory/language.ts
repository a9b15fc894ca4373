import {
  boolean,
  type Form,
  form,
  integer,
  list,
  literal,
  mapOf,
  object,
  oneOrMore,
  words,
} from '../../model/runbook/shape.ts';

/** The keys of a hosts.yaml, in the words of model/runbook/shape.ts. Nothing in it is a reference. */
export const GROUP_NAME = '^[A-Za-z_][A-Za-z0-9_.-]*$';
const group = words('The name of a group.', { pattern: GROUP_NAME, 'x-example': 'web' });

const CONNECTION = {
  port: literal({ ...integer("sshd's port. Default: as ssh_config says.", 1), maximum: 65_535 }),
  user: words('Who to log in as. Default: as ssh_config says.', { 'x-example': 'oncall' }),
  identity: words('A private key: an absolute path, or below `~/`. Default: as ssh_config and the agent say.', {
    pattern: '^(?:/|~/)',
    'x-example': '~/.ssh/oncall',
  }),
  become: literal(boolean('Whether to act as root through sudo. Default: as --become says.')),
};
export const DEFAULTS = object('How all hosts are reached that do not say otherwise.', CONNECTION);

const labels = (about: string) =>
  mapOf(
    about,
    form<boolean | number | string>({ type: ['string', 'number', 'boolean'], description: 'The value, as a text.' }),
    { propertyNames: { pattern: GROUP_NAME } },
  );

/** `web1:` without a value is a host that ssh_config describes completely. */
const orNothing = <T>(shape: Form<T>) => form<T | null>({ anyOf: [shape, { type: 'null' }] });

export const HOST = object('A host, and how it is reached.', {
  address: words('Where it is, if its name is not where: an IP address or another name.', { 'x-example': '10.0.0.11' }),
  ...CONNECTION,
  groups: oneOrMore(group, 'The groups that it is in, besides those that hold them.'),
  labels: labels('What else is true of it, to be chosen by: `--limit role=web`.'),
});

export const GROUP = object('Hosts that are alike in something.', {
  about: words('A note for whoever reads the file: what they are.'),
  children: list('Groups whose hosts are in this one too.', group, { minItems: 1 }),
  labels: labels('Labels of all its hosts; a host, and a group inside of this one, may say otherwise.'),
});

export const HOSTS = object(
  'Hosts, how they are reached, and what they have in common.',
  {
    firebreak_hosts: form<1>({ type: 'integer', enum: [1], description: 'The version of this language: 1.' }),
    about: words('A note for whoever reads the file: whose hosts these are.'),
    defaults: DEFAULTS,
    groups: mapOf('Every group, by name.', orNothing(GROUP)),
    hosts: mapOf(
      'Every host, by the name that ssh_config knows it by, or several at once: `web[01:20]`.',
      orNothing(HOST),
      { minProperties: 1 },
    ),
  },
  ['firebreak_hosts', 'hosts'],
);
