import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { FakeWorld } from '../../src/hosts/fake/world.ts';
import { isObject, type Json, type JsonObject } from '../../src/model/json.ts';
import type { Act, ActionVerb, ProbeVerb, Verb } from '../../src/model/verb.ts';
import { folderCatalogue } from '../../src/wiring/catalogue.ts';
import { actOn, fakeClock } from '../support/act.ts';
import { cronWorld, file, textOf } from '../support/hosts/cron-world.ts';
import { processRecord } from '../support/hosts/fake-processes.ts';
import { emptyWorld, service, THREE_AM } from '../support/hosts/fake-world.ts';
import { put } from '../support/hosts/files-world.ts';
import { queueFile } from '../support/hosts/mail.ts';
import { complaints } from '../support/real-verbs.ts';
import { keysOf } from '../support/tables.ts';

/**
 * Every key of a verb's argument does what its description says. A case is an argument with the key and one without it
 * (or with another value, where it must be there), and what is seen of each on a fake host: it is not the same, so a key
 * that is ignored fails. The walk at the end fails for a key without a case.
 */
type Case = readonly [withKey: Json, without: Json, seen: unknown, otherwise: unknown, see?: See];
type See = (arg: Json) => Promise<unknown>;
type Cases = Readonly<Record<string, Case>>;

const catalogue = folderCatalogue();

// ---------------------------------------------------------------- what is seen

/** What a probe finds, as far as the case asks. */
const finding =
  (name: string, world: () => FakeWorld, told: (found: Awaited<ReturnType<ProbeVerb['look']>>) => unknown): See =>
  async (arg) =>
    told(await (await catalogue.probe(name)).look(actOn(world()), arg));

type Done = {
  readonly world: FakeWorld;
  readonly outcome: string;
  readonly observed: Awaited<ReturnType<ActionVerb['observe']>>;
};

/** What an action observes and does. */
const done =
  (name: string, world: () => FakeWorld, told: (done: Done) => unknown, over: Partial<Act> = {}): See =>
  async (arg) => {
    const action = await catalogue.action(name);
    const there = world();
    const act = actOn(there, over);
    const observed = await action.observe(act, arg);
    const recall = async (kept: string) => observed.keep[kept] ?? '';
    const applied =
      observed.verdict === 'change'
        ? await action.apply({ ...act, recall }, arg, observed)
        : { outcome: observed.verdict };
    return told({ world: there, outcome: applied.outcome, observed });
  };

const under = (key: string, cases: Cases): Cases =>
  Object.fromEntries(
    Object.entries(cases).map(([name, [withKey, without, ...seen]]) => [
      `${key}.${name}`,
      [{ [key]: withKey }, { [key]: without }, ...seen],
    ]),
  );

// ---------------------------------------------------------------- processes

const daemon = { pid: 10, name: 'cron' };
const processes = () =>
  emptyWorld({
    processes: [
      processRecord({ ...daemon, age: 99_000 }),
      processRecord({ pid: 11, name: 'sendmail', args: ['sendmail', '-t'], age: 60_000, ancestry: [daemon] }),
      processRecord({
        pid: 12,
        name: 'sendmail',
        exe: '/opt/sendmail',
        args: ['sendmail', '-q'],
        user: 'alice',
        uid: 1000,
        state: 'D',
      }),
    ],
  });

const SENDMAIL = { name: 'sendmail' };
const PROCESSES: Cases = {
  name: [{ ...SENDMAIL, older_than: '1s' }, { older_than: '1s' }, [11, 12], [10, 11, 12]],
  exe: [{ ...SENDMAIL, exe: '/opt/sendmail' }, SENDMAIL, [12], [11, 12]],
  'args.matches': [{ ...SENDMAIL, args: { matches: ' -q$' } }, SENDMAIL, [12], [11, 12]],
  user: [{ ...SENDMAIL, user: 'alice' }, SENDMAIL, [12], [11, 12]],
  older_than: [{ ...SENDMAIL, older_than: '30s' }, SENDMAIL, [11], [11, 12]],
  state: [{ ...SENDMAIL, state: ['D', 'Z'] }, SENDMAIL, [12], [11, 12]],
  started_by: [{ ...SENDMAIL, started_by: 'cron' }, SENDMAIL, [11], [11, 12]],
};

const pidsIn = (detail: Json): readonly unknown[] => {
  const { processes: list } = isObject(detail) ? detail : {};
  return (Array.isArray(list) ? (list as readonly JsonObject[]) : []).map(({ pid }) => pid);
};
const killed = done(
  'kill',
  () => ({ ...processes(), ignoresTerm: new Set([12]) }),
  ({ world }) => world.log,
);
const mailers: Json = {
  $step: 'mailers',
  verb: 'processes',
  selector: { ...SENDMAIL, started_by: 'cron' },
  found: null,
};

// ---------------------------------------------------------------- files

const SPOOL = '/srv/spool';
const MAIL = ['Subject: Cron <root@lab> job', '', 'out'];
const spool = () => {
  const world = emptyWorld({ users: { 0: 'root', 1000: 'alice' } });
  put(world, SPOOL, { type: 'directory' });
  put(world, '/srv/other', { type: 'directory' });
  put(world, `${SPOOL}/a`, { modified: THREE_AM - 60_000, bytes: btoa(MAIL.join('\n')) });
  put(world, `${SPOOL}/b`, {
    modified: THREE_AM - 10_000,
    uid: 1000,
    bytes: btoa('Received: from x\nSubject: Cron\n\nhello\n'),
  });
  put(world, `${SPOOL}/q`, { modified: THREE_AM - 60_000, bytes: queueFile(MAIL).toString('base64') });
  put(world, `${SPOOL}/p`, { type: 'fifo' });
  return world;
};

const IN = { in: SPOOL, type: 'file' };
const CRON = { header: { subject: '^Cron' } };
const FILES: Cases = {
  in: [IN, { ...IN, in: '/srv/other' }, ['a', 'b', 'q'], []],
  type: [{ ...IN, type: 'fifo' }, IN, ['p'], ['a', 'b', 'q']],
  name: [{ ...IN, name: ['a', 'q'] }, IN, ['a', 'q'], ['a', 'b', 'q']],
  'name.matches': [{ ...IN, name: { matches: '^[ab]$' } }, IN, ['a', 'b'], ['a', 'b', 'q']],
  older_than: [{ ...IN, older_than: '30s' }, IN, ['a', 'q'], ['a', 'b', 'q']],
  newer_than: [{ ...IN, newer_than: '30s' }, IN, ['b'], ['a', 'b', 'q']],
  user: [{ ...IN, user: 'alice' }, IN, ['b'], ['a', 'b', 'q']],
  'holds.format': [{ ...IN, holds: { format: 'postfix', ...CRON } }, { ...IN, holds: CRON }, ['q'], ['a', 'b']],
  'holds.header': [{ ...IN, holds: { header: { subject: '^Cron <' } } }, IN, ['a'], ['a', 'b', 'q']],
  'holds.without': [{ ...IN, holds: { ...CRON, without: 'received' } }, { ...IN, holds: CRON }, ['a'], ['a', 'b']],
  'holds.text': [{ ...IN, holds: { text: 'hel+o' } }, IN, ['b'], ['a', 'b', 'q']],
};

const names = (world: FakeWorld, left: FakeWorld): readonly string[] =>
  [...world.files.keys()]
    .filter((path) => !left.files.has(path))
    .map((path) => path.split('/').at(-1) ?? '')
    .sort();
const gone = done('delete', spool, ({ world }) => names(spool(), world));
const listed = finding('files', spool, ({ blocks }) =>
  blocks
    .flatMap((block) => (block.kind === 'table' && block.columns[0] === 'name' ? block.rows.map(([name]) => name) : []))
    .sort(),
);
/** The size of a batch, as the port is asked for it. */
const batches: See = async (arg) => {
  const asked: number[] = [];
  const { host } = actOn(spool());
  const files = {
    ...host.files,
    delete: (...[handle, options]: Parameters<typeof host.files.delete>) => {
      asked.push(options.batch);
      return host.files.delete(handle, options);
    },
  };
  await done('delete', spool, () => null, { host: { ...host, files } })(arg);
  return asked[0];
};
/** A third file comes while somebody sleeps. */
const growing: See = async (arg) => {
  const world = spool();
  const clock = fakeClock(world, () => put(world, `${SPOOL}/new`));
  return (await (await catalogue.probe('files')).look(actOn(world, { clock }), arg)).measures.growth;
};
const mail: Json = { $step: 'mail', verb: 'files', selector: { ...IN, name: 'a' }, found: null };

const CONF = 'colour = red\nsize = 1\n';
const conf = () => {
  const world = emptyWorld();
  for (const name of ['/etc/conf', '/etc/other']) put(world, name, { bytes: btoa(CONF) });
  return world;
};
const edited = done('edit', conf, ({ world }) =>
  ['/etc/conf', '/etc/other'].map((path) => textOf(world, path)).find((text) => text !== CONF),
);
const edit = (change: JsonObject): Json => ({ file: '/etc/conf', ...change });
const which = done('edit', conf, ({ world }) => world.log);

// ---------------------------------------------------------------- services

const services = () => {
  const all = [service('cron', 'running'), service('crond', 'running'), service('web', 'stopped')];
  return emptyWorld({ services: new Map(all.map((each) => [each.name, each])) });
};
const acted = (name: string) => done(name, services, ({ world }) => world.log);

const SERVICE = (verb: string): Cases => ({
  'service.name': [
    { service: { name: 'cron' } },
    { service: { name: 'web' } },
    verb === 'start' ? [] : [`${verb} cron`],
    verb === 'stop' ? [] : [`${verb} web`],
  ],
  'service.first_of': [
    { service: { first_of: ['none', 'web', 'cron'] } },
    { service: { first_of: ['none', 'cron', 'web'] } },
    verb === 'stop' ? [] : [`${verb} web`],
    verb === 'start' ? [] : [`${verb} cron`],
  ],
});

// ---------------------------------------------------------------- cron

const crontabs = () =>
  cronWorld(
    { root: '* * * * * rotate\n', alice: 'MAILTO=ops\n@daily hers\n' },
    { '/etc/crontab': 'MAILTO=""\n17 * * * * root hourly\n' },
  );
const jobs = (world: () => FakeWorld): See =>
  finding('cron_jobs', world, ({ detail }) =>
    isObject(detail) ? (detail.jobs as readonly JsonObject[]).map(({ command }) => command) : [],
  );
const ALL = ['hers', 'rotate', 'hourly'];
const elsewhere = () => {
  const world = crontabs();
  world.files.set('/srv/cron', file('', { type: 'directory' }));
  world.files.set('/srv/cron/alice', file('* * * * * elsewhere\n', { uid: 1000, mode: 0o600 }));
  world.files.set('/srv/system', file('* * * * * root system\n'));
  return world;
};
const about = (verb: string, found: Json): Json => ({ $step: 's', verb, selector: {}, found });
const caught = about('files', { newest: THREE_AM, caught: { values: [{ owner: 'root', job: 'rotate' }], more: [] } });
const hung = about('processes', {
  processes: [
    processRecord({
      pid: 9,
      name: 'sendmail',
      args: ['sendmail', 'ops'],
      user: 'alice',
      age: 90_000_000,
    }) as unknown as Json,
  ],
});

const chosen = async (): Promise<Json> => ({
  $step: 'jobs',
  verb: 'cron_jobs',
  selector: { user: 'root', mailed: true },
  found: (await (await catalogue.probe('cron_jobs')).look(actOn(crontabs()), { user: 'root', mailed: true })).detail,
});
const ROOT = '/var/spool/cron/crontabs/root';
const silenced =
  (told: (done: Done) => unknown, world = crontabs): See =>
  async (arg) =>
    done('crontab', world, told)({ jobs: await chosen(), ...(isObject(arg) ? arg : {}) });
const rootsCrontab = ({ world }: Done): string => textOf(world, ROOT).replace(/^# .*\n/gm, '');
const withAnother = () => {
  const world = crontabs();
  const { commands } = world;
  return Object.assign(world, {
    commands: (asked: Parameters<typeof commands>[0]) =>
      commands({ ...asked, argv: asked.argv.map((word) => (word === '/opt/crontab' ? 'crontab' : word)) }),
  });
};
/** A line that cannot be redirected for certain. */
const stubborn = () => {
  const world = crontabs();
  world.files.set(ROOT, file('* * * * * rotate\n* * * * * echo "open\n', { mode: 0o600 }));
  return world;
};

// ---------------------------------------------------------------- commands

const READ = { argv: ['look', 'here'], effect: 'read' };
const asked = emptyWorld;
const request: See = async (arg) => {
  const seen: unknown[] = [];
  const commands: FakeWorld['commands'] = ({ argv, env, stdin, timeout, effect }) => {
    seen.push({ argv, env, stdin: stdin === undefined ? null : atob(stdin), timeout, effect });
    return { exit: 0 };
  };
  const probe = isObject(arg) && arg.effect === 'read';
  await (probe
    ? finding(
        'run',
        () => asked({ commands }),
        () => null,
      )
    : done(
        'run',
        () => asked({ commands }),
        () => null,
      ))(arg);
  // `which` asks first.
  return seen.at(-1);
};
const BASE = { env: undefined, stdin: null, timeout: 60_000 };
const COMMANDS = (effect: string): Cases => {
  const one = { argv: ['look', 'here'], effect };
  const plain = { ...BASE, ...one };
  return {
    argv: [one, { ...one, argv: ['see'] }, plain, { ...plain, argv: ['see'] }, request],
    shell: [{ shell: 'echo "$A"', effect }, one, { ...plain, argv: ['/bin/sh', '-c', 'echo "$A"'] }, plain, request],
    env: [{ ...one, env: { A: 'b' } }, one, { ...plain, env: { A: 'b' } }, plain, request],
    stdin: [{ ...one, stdin: 'text' }, one, { ...plain, stdin: 'text' }, plain, request],
    timeout: [{ ...one, timeout: '5s' }, one, { ...plain, timeout: 5000 }, plain, request],
  };
};
const exits = finding(
  'run',
  () => asked({ commands: () => ({ exit: 3 }) }),
  ({ measures }) => measures.exit,
);
/** What `check` says of it. */
const checked =
  (phase: string): See =>
  async (arg) =>
    (await complaints(`${phase}:\n  - {id: a, why: w, run: ${JSON.stringify(arg)}}\n`)).filter((each) =>
      each.includes('effect'),
    );

// ---------------------------------------------------------------- all of them

const CASES: Readonly<Record<string, { readonly see: See; readonly keys: Cases }>> = {
  'probe processes': { see: finding('processes', processes, ({ detail }) => pidsIn(detail)), keys: PROCESSES },
  'action kill': {
    see: done('kill', processes, ({ observed }) => pidsIn(observed.targets.detail)),
    keys: {
      ...under('processes', PROCESSES),
      targets: [{ targets: mailers }, { processes: SENDMAIL }, [11], [11, 12]],
      signal: [
        { processes: SENDMAIL, signal: 'KILL' },
        { processes: SENDMAIL },
        ['signal KILL 11', 'signal KILL 12'],
        ['signal TERM 11', 'signal TERM 12'],
        killed,
      ],
      kill_after: [
        { processes: SENDMAIL, kill_after: '2s' },
        { processes: SENDMAIL },
        ['signal TERM 11', 'signal TERM 12', 'signal KILL 12'],
        ['signal TERM 11', 'signal TERM 12'],
        killed,
      ],
    },
  },
  'probe files': {
    see: listed,
    keys: {
      ...FILES,
      over: [{ ...IN, over: '10s' }, IN, 1, null, growing],
      sample_matches: [
        { ...IN, sample_matches: 'hello' },
        IN,
        { value: 1, of: 3 },
        null,
        finding('files', spool, ({ measures }) => measures.sample_matching),
      ],
    },
  },
  'action delete': {
    see: gone,
    keys: {
      ...under('files', FILES),
      targets: [{ targets: mail }, { files: IN }, ['a'], ['a', 'b', 'q']],
      at_most: [
        { files: IN, at_most: 1 },
        { files: IN },
        1,
        3,
        done('delete', spool, ({ world }) => names(spool(), world).length),
      ],
      batch: [{ files: IN, batch: 2 }, { files: IN }, 2, 1000, batches],
    },
  },
  'probe disk': {
    see: finding('disk', asked, ({ detail }) => (isObject(detail) ? detail.path : null)),
    keys: { path: [{ path: '/var' }, { path: '/srv' }, '/var', '/srv'] },
  },
  'probe text': {
    see: finding('text', conf, ({ measures }) => measures.matches),
    keys: {
      file: [{ file: '/etc/conf', contains: '=' }, { file: '/etc/none', contains: '=' }, 2, 0],
      matches: [{ file: '/etc/conf', matches: '^s.ze' }, { file: '/etc/conf', contains: '=' }, 1, 2],
      contains: [{ file: '/etc/conf', contains: 's.ze' }, { file: '/etc/conf', matches: 's.ze' }, 0, 1],
    },
  },
  'action edit': {
    see: edited,
    keys: {
      file: [
        edit({ remove_lines: { matching: 'red' } }),
        { file: '/etc/other', remove_lines: { matching: 'red' } },
        ['replace /etc/conf'],
        ['replace /etc/other'],
        which,
      ],
      'set_line.matching': [
        edit({ set_line: { matching: '^c', to: 'x' } }),
        edit({ set_line: { matching: '^s', to: 'x' } }),
        'x\nsize = 1\n',
        'colour = red\nx\n',
      ],
      'set_line.to': [
        edit({ set_line: { matching: '^c', to: 'x' } }),
        edit({ set_line: { matching: '^c', to: 'y' } }),
        'x\nsize = 1\n',
        'y\nsize = 1\n',
      ],
      'add_line.line': [
        edit({ add_line: { line: 'x' } }),
        edit({ add_line: { line: 'y' } }),
        `${CONF}x\n`,
        `${CONF}y\n`,
      ],
      'add_line.after': [
        edit({ add_line: { line: 'x', after: '^c' } }),
        edit({ add_line: { line: 'x' } }),
        'colour = red\nx\nsize = 1\n',
        `${CONF}x\n`,
      ],
      'add_line.before': [
        edit({ add_line: { line: 'x', before: '^s' } }),
        edit({ add_line: { line: 'x' } }),
        'colour = red\nx\nsize = 1\n',
        `${CONF}x\n`,
      ],
      'add_line.at': [
        edit({ add_line: { line: 'x', at: 'start' } }),
        edit({ add_line: { line: 'x' } }),
        `x\n${CONF}`,
        `${CONF}x\n`,
      ],
      'remove_lines.matching': [
        edit({ remove_lines: { matching: '^c' } }),
        edit({ remove_lines: { matching: '^s' } }),
        'size = 1\n',
        'colour = red\n',
      ],
      'replace.pattern': [
        edit({ replace: { pattern: 'r(e)d', with: 'b' } }),
        edit({ replace: { pattern: 'size', with: 'b' } }),
        'colour = b\nsize = 1\n',
        'colour = red\nb = 1\n',
      ],
      'replace.with': [
        edit({ replace: { pattern: 'r(e)d', with: '$1$$' } }),
        edit({ replace: { pattern: 'r(e)d', with: 'b' } }),
        'colour = e$\nsize = 1\n',
        'colour = b\nsize = 1\n',
      ],
    },
  },
  'probe service': {
    see: finding('service', services, ({ measures }) => measures.state),
    keys: {
      name: [{ name: 'cron' }, { name: 'web' }, 'running', 'stopped'],
      first_of: [{ first_of: ['none', 'web', 'cron'] }, { first_of: ['cron', 'web'] }, 'stopped', 'running'],
    },
  },
  'action start': { see: acted('start'), keys: SERVICE('start') },
  'action restart': { see: acted('restart'), keys: SERVICE('restart') },
  'action stop': {
    see: acted('stop'),
    keys: {
      ...SERVICE('stop'),
      restore_within: [
        { service: { name: 'cron' }, restore_within: '5m' },
        { service: { name: 'cron' } },
        { service: 'cron', within: 300_000 },
        null,
        done('stop', services, ({ observed: { lease } }) =>
          lease ? { service: lease.service, within: lease.within } : null,
        ),
      ],
    },
  },
  'action wait': {
    see: done('wait', services, ({ world, outcome }) => [outcome, world.now - THREE_AM]),
    keys: {
      for: [{ for: '3s' }, { for: '1s' }, ['done', 3000], ['done', 1000]],
      'until.service.name': [
        { for: '3s', until: { service: { name: 'cron' }, state: 'running' } },
        { for: '3s', until: { service: { name: 'web' }, state: 'running' } },
        ['done', 0],
        ['failed', 3000],
      ],
      'until.service.first_of': [
        { for: '3s', until: { service: { first_of: ['none', 'cron'] }, state: 'running' } },
        { for: '3s', until: { service: { first_of: ['web', 'cron'] }, state: 'running' } },
        ['done', 0],
        ['failed', 3000],
      ],
      'until.state': [
        { for: '3s', until: { service: { name: 'web' }, state: 'down' } },
        { for: '3s', until: { service: { name: 'web' }, state: 'failed' } },
        ['done', 0],
        ['failed', 3000],
      ],
    },
  },
  'action manual': {
    see: done('manual', asked, ({ observed }) => observed.blocks),
    keys: {
      do: [
        { do: 'Call.', confirm: 'Well?' },
        { do: 'Write.', confirm: 'Well?' },
        [{ kind: 'text', lines: ['Call.', 'Well?'] }],
        [{ kind: 'text', lines: ['Write.', 'Well?'] }],
      ],
      confirm: [
        { do: 'Call.', confirm: 'Well?' },
        { do: 'Call.', confirm: 'Done?' },
        [{ kind: 'text', lines: ['Call.', 'Well?'] }],
        [{ kind: 'text', lines: ['Call.', 'Done?'] }],
      ],
    },
  },
  'probe cron_jobs': {
    see: jobs(crontabs),
    keys: {
      of: [{ of: 'system' }, {}, ['hourly'], ALL],
      mailed: [{ mailed: false }, {}, ['hourly'], ALL],
      user: [{ user: 'alice' }, {}, ['hers'], ALL],
      'command.matches': [{ command: { matches: '^h' } }, {}, ['hers', 'hourly'], ALL],
      schedule: [{ schedule: ['@daily', '* * * * *'] }, {}, ['hers', 'rotate'], ALL],
      crontabs: [
        { of: 'users', crontabs: '/srv/cron' },
        { of: 'users' },
        ['elsewhere'],
        ['hers', 'rotate'],
        jobs(elsewhere),
      ],
      system: [{ of: 'system', system: '/srv/system' }, { of: 'system' }, ['system'], ['hourly'], jobs(elsewhere)],
      mail_in: [{ mail_in: caught }, {}, ['rotate'], ALL],
      mailed_by: [{ mailed_by: hung }, {}, ['hers'], ALL],
      choose: [{ mail_in: caught, choose: 'all' }, { mail_in: caught }, ALL, ['rotate']],
    },
  },
  'action crontab': {
    see: silenced(rootsCrontab),
    keys: {
      jobs: [
        { set_env: { MAILTO: '' } },
        { jobs: about('cron_jobs', null), set_env: { MAILTO: '' } },
        'change',
        'cannot',
        silenced(({ observed }) => observed.verdict),
      ],
      set_env: [
        { set_env: { MAILTO: '' } },
        { silence: 'redirect' },
        'MAILTO=""\n* * * * * rotate\n',
        '* * * * * rotate >/dev/null 2>&1\n',
      ],
      silence: [
        { silence: 'redirect' },
        { set_env: { A: 'b' } },
        '* * * * * rotate >/dev/null 2>&1\n',
        'A="b"\n* * * * * rotate\n',
      ],
      install_with: [
        { set_env: { MAILTO: '' }, install_with: '/opt/crontab' },
        { set_env: { MAILTO: '' } },
        'run /opt/crontab -u root -',
        'run crontab -u root -',
        silenced(({ world }) => world.log.find((line) => line.startsWith('run ')), withAnother),
      ],
      refused: [
        { silence: 'redirect', refused: 'leave' },
        { silence: 'redirect' },
        'change',
        'cannot',
        silenced(({ observed }) => observed.verdict, stubborn),
      ],
    },
  },
  'probe run': {
    see: request,
    keys: {
      ...COMMANDS('read'),
      effect: [
        READ,
        { argv: ['look'] },
        [],
        ['6:21 missing-key: `effect` is missing (add `effect: ...`)'],
        checked('diagnose'),
      ],
      exits_that_answer: [{ ...READ, exits_that_answer: [3] }, READ, 3, null, exits],
    },
  },
  'action run': {
    see: request,
    keys: {
      ...COMMANDS('write'),
      effect: [
        { ...READ, effect: 'write' },
        READ,
        { commands: 1 },
        {},
        done(
          'run',
          () => asked({ commands: () => ({ exit: 0 }) }),
          ({ observed }) => observed.costs,
        ),
      ],
    },
  },
};

for (const [verb, { see, keys }] of Object.entries(CASES)) {
  for (const [key, [withKey, without, seen, otherwise, own = see]] of Object.entries(keys)) {
    test(`${verb}: \`${key}\` does what it says`, async () => {
      assert.deepEqual([await own(withKey), await own(without)], [seen, otherwise]);
      assert.notDeepEqual(seen, otherwise, 'this would not be seen where the key is ignored');
    });
  }
}

test('every key of every verb has a case above, or a test of that name beside the verb’s own', async () => {
  const verbs: readonly (readonly [string, Verb])[] = await Promise.all([
    ...catalogue.probes.map(async (name) => [`probe ${name}`, await catalogue.probe(name)] as const),
    ...catalogue.actions.map(async (name) => [`action ${name}`, await catalogue.action(name)] as const),
  ]);
  const keys = verbs.flatMap(([name, { schema }]) => keysOf(schema).map((key) => `${name}: ${key}`));
  const cases = Object.entries(CASES).flatMap(([name, one]) => Object.keys(one.keys).map((key) => `${name}: ${key}`));
  const beside = globSync('*/*.test.ts', { cwd: import.meta.dirname })
    .map((path) => readFileSync(join(import.meta.dirname, path), 'utf8'))
    .join('\n');
  const tested = (key: string) =>
    cases.includes(key) || beside.includes(`${key.replace(': ', ': `')}\` does what it says`);
  assert.deepEqual(
    { without: keys.filter((key) => !tested(key)), ofNoVerb: cases.filter((key) => !keys.includes(key)) },
    { without: [], ofNoVerb: [] },
  );
});
