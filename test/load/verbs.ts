import type { Catalogue } from '../../src/model/ports.ts';
import {
  boolean,
  either,
  exactlyOne,
  type Form,
  integer,
  object,
  oneOrMore,
  path,
  pattern,
  quantity,
  service,
  stepReference,
  text,
  word,
} from '../../src/model/runbook/shape.ts';
import {
  type ActionVerb,
  defineAction,
  defineProbe,
  type MeasureAbout,
  nothingToDo,
  type ProbeVerb,
  unknownFinding,
} from '../../src/model/verb.ts';

/**
 * Small verbs with every word of model/runbook/shape.ts in their schemas, so that the loader's tests do not depend on
 * the real ones.
 */
const count: MeasureAbout = { about: 'how many', unit: 'count' };

function probe(schema: Form, measures: Readonly<Record<string, MeasureAbout>>): ProbeVerb {
  return defineProbe({
    summary: 'look',
    about: 'Looks.',
    schema,
    example: {},
    needs: [],
    measures,
    look: async () => unknownFinding(measures, 'a test looks at nothing'),
    explain: () => [],
  });
}

function action(schema: Form, needs: ActionVerb['needs'] = []): ActionVerb {
  const applied = { outcome: 'done', summary: '', used: {}, blocks: [] } as const;
  return defineAction({
    summary: 'act',
    about: 'Acts.',
    schema,
    example: {},
    needs,
    idempotent: true,
    observe: async () => nothingToDo('a test does nothing'),
    apply: async () => applied,
    revert: async () => applied,
  });
}

const command = (effect: string) =>
  exactlyOne(
    object(
      'A command.',
      {
        argv: oneOrMore(text('A word.'), 'Words.'),
        shell: { type: 'string', description: 'A script.' },
        effect: word('What it does.', effect),
      },
      ['effect'],
    ),
    'argv',
    'shell',
  );
const named = either(
  'A name, several, or a pattern.',
  oneOrMore(text('A name.'), 'Names.'),
  object('A pattern.', { matches: pattern('A regular expression.') }, ['matches']),
);

export const PROBES: Readonly<Record<string, ProbeVerb>> = {
  disk: probe(object('Which file system.', { path: path('Any path on it.') }, ['path']), {
    inodes_free: count,
    blocks_free: { about: 'bytes free', unit: 'bytes' },
    used: { about: 'a part of all', unit: 'percent' },
  }),
  service: probe(service('Which service.'), {
    state: { about: 'its state', unit: 'text' },
    enabled: { about: 'started at boot', unit: 'boolean' },
    up_for: { about: 'since when', unit: 'duration' },
  }),
  processes: probe(
    object('Which processes.', {
      name: named,
      started_by: oneOrMore(text('A daemon.'), 'Daemons.'),
      older_than: quantity('duration', 'Age.'),
      all: boolean('All.'),
    }),
    { count, per_minute: { about: 'starts', unit: 'rate' } },
  ),
  files: probe(
    object(
      'Which files.',
      {
        in: path('A folder.'),
        type: oneOrMore(word('A type.', 'file', 'directory'), 'Types.'),
        name: named,
        max: integer('Most.', 1),
      },
      ['in'],
    ),
    {
      count,
      bytes: { about: 'their size', unit: 'bytes' },
    },
  ),
  run: probe(command('read'), { exit: count, stdout: { about: 'what it said', unit: 'text' } }),
};

export const ACTIONS: Readonly<Record<string, ActionVerb>> = {
  kill: action(
    object(
      'Which to end.',
      {
        targets: stepReference('The processes.', 'processes'),
        signal: word('The signal.', 'TERM', 'KILL'),
        kill_after: quantity('duration', 'Grace.'),
      },
      ['targets'],
    ),
  ),
  delete: action(
    object('What to delete.', { targets: stepReference('The files.', 'files'), batch: integer('At once.', 1) }, [
      'targets',
    ]),
  ),
  edit: action(
    object(
      'What to edit.',
      {
        file: path('The file.'),
        set: { type: 'object', description: 'Lines.', additionalProperties: { type: 'string' } },
      },
      ['file'],
    ),
    ['inode'],
  ),
  stop: action(
    object('What to stop.', { service: service('The service.'), restore_within: quantity('duration', 'The lease.') }, [
      'service',
    ]),
  ),
  start: action(object('What to start.', { service: service('The service.') }, ['service'])),
  run: action(command('write')),
};

/** Counts what is loaded, since only the verbs that a runbook uses may be. */
export function testCatalogue(loaded: string[] = []): Catalogue {
  const pick =
    <V>(verbs: Readonly<Record<string, V>>, kind: string) =>
    async (name: string): Promise<V> => {
      loaded.push(`${kind} ${name}`);
      const verb = verbs[name];
      if (!verb) throw new Error(`no ${kind} ${name}`);
      return verb;
    };
  return {
    probes: Object.keys(PROBES),
    actions: Object.keys(ACTIONS),
    probe: pick(PROBES, 'probe'),
    action: pick(ACTIONS, 'action'),
  };
}
