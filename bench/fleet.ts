import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Fleet, fleet } from '../test/support/fleet/fleet.ts';
import { armAndCalm } from '../test/support/fleet/fleet-storm.ts';
import { LAB } from '../test/support/lab/lab.ts';
import { inOwnPlaces } from '../test/support/lab/own-places.ts';
import { type Fence, fence } from './_cgroup.ts';
import { crowd } from './_crowd.ts';
import { FIREBREAK, median, ROOT, type Row, type Table, which } from './_measure.ts';

const HOSTS = Number(process.env.BENCH_HOSTS ?? 20);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);

/**
 * `npm run bench:fleet`: the founding incident on 20 hosts in the lab against an Ansible playbook; then 200 hosts on
 * one screen.
 */
export default async function many(): Promise<readonly Table[]> {
  if (LAB === undefined || process.getuid?.() !== 0)
    return [
      {
        title: 'Many hosts',
        rows: [{ what: 'firebreak run', milliseconds: null, note: 'needs root and ../shared/lab' }],
      },
    ];
  return [...(await storms()), await crowd()];
}

interface Taken {
  /** Milliseconds, from the command's start until the last host is remedied. */
  readonly wall: number;
  /** Of processor, here, of all that the command started. */
  readonly cpu: number;
  /** Hosts that were not remedied. */
  readonly failed: number;
}

interface Contender {
  readonly name: string;
  run(hosts: Fleet, inside: Fence, home: string): Promise<Omit<Taken, 'cpu'>>;
}

/** All contenders get the same hosts, prepared again for each. The first one changes from round to round. */
async function storms(): Promise<readonly Table[]> {
  const contenders = [OURS, ...(which('ansible-playbook') === null ? [] : [ANSIBLE, PIPELINED])];
  const taken = new Map<Contender, Taken[]>(contenders.map((one) => [one, []]));
  const hosts = await fleet({ hosts: HOSTS, storm: true });
  try {
    for (let round = 0; round < ROUNDS; round += 1)
      for (const at of contenders.keys()) {
        const one = contenders[(at + round) % contenders.length] ?? OURS;
        await Promise.all(hosts.hosts.map((host) => armAndCalm(hosts, host)));
        taken.get(one)?.push(await measured(one, hosts));
      }
  } finally {
    await hosts.close();
  }
  const missing =
    contenders.length === 1 ? 'ansible-playbook is not installed: apt-get install ansible-core' : undefined;
  return (['wall', 'cpu'] as const).map((what) => ({
    title: TITLES[what],
    rows: rowsOf(contenders, (one) => sumUp(taken.get(one) ?? [], what), missing),
  }));
}

const TITLES = {
  wall: `The remedy on ${HOSTS} hosts in the storm, all at once, verify's watch taken off: time until the last host is remedied`,
  cpu: `The same: processor time of the controller, ssh and all; firebreak's with its watch of a second`,
};

function sumUp(taken: readonly Taken[], what: 'wall' | 'cpu'): Pick<Row, 'milliseconds' | 'note'> {
  const failed = taken.reduce((sum, each) => sum + each.failed, 0);
  return {
    milliseconds: median(taken.map((each) => each[what])),
    ...(failed > 0 && { note: `it gave up on ${failed} of ${taken.length * HOSTS} hosts` }),
  };
}

function rowsOf(
  contenders: readonly Contender[],
  row: (one: Contender) => Pick<Row, 'milliseconds' | 'note'>,
  missing?: string,
): readonly Row[] {
  const others = contenders.slice(1).map((one): Row => {
    return { what: one.name, ...row(one), against: OURS.name, ...(one === ANSIBLE && { aim: '> 5 x' }) };
  });
  return [
    { what: OURS.name, ...row(OURS) },
    ...others,
    ...(missing === undefined ? [] : [{ what: ANSIBLE.name, milliseconds: null, note: missing }]),
  ];
}

let runs = 0;
async function measured(one: Contender, hosts: Fleet): Promise<Taken> {
  const home = mkdtempSync(join(tmpdir(), 'firebreak-bench-'));
  runs += 1;
  const inside = fence(String(runs));
  try {
    return { ...(await one.run(hosts, inside, home)), cpu: inside.used() };
  } finally {
    await inside.close();
    rmSync(home, { recursive: true });
  }
}

const OURS: Contender = {
  name: 'firebreak run, unattended',
  run: async (hosts, inside, home) => {
    const flags = [
      '--inventory',
      hosts.inventory,
      '--ssh-config',
      hosts.sshConfig,
      '--at-once',
      String(HOSTS),
      '--batches',
      'rest',
    ];
    const policy = [
      '--unattended',
      '--policy',
      join(ROOT, 'test/fixtures/fleet/policy.yaml'),
      '--param',
      'watch=1s',
      '--param',
      'ticks=1',
    ];
    const own = inOwnPlaces(join(home, 'state'), [
      FIREBREAK,
      'run',
      'cron-mail-storm',
      ...flags,
      ...policy,
      '--output',
      'ndjson',
    ]);
    const env = { HOME: home, ...own.env };
    const started = Date.now();
    const argv = [...inside.enter, ...own.argv];
    const { code, stdout, stderr } = await hosts.run(argv, { env });
    const looked = new Map<string, number>();
    for (const [, at = '', host = ''] of stdout.matchAll(
      /^\{[^\n]*?"at":"([^"]+)"[^\n]*?"host":"([^"]+)"[^\n]*?"type":"watch.sampled"/gm,
    ))
      if (!looked.has(host)) looked.set(host, Date.parse(at));
    // In one second the watch often sees no minute of cron's: then the run is inconclusive.
    if (looked.size !== hosts.hosts.length || (code !== 7 && code !== 0))
      throw new Error(`firebreak ended with ${code}: ${stderr.slice(-2000)}`);
    return { wall: Math.max(...looked.values()) - started, failed: 0 };
  },
};

const ANSIBLE = playbook('ansible.yml', {});
/** The settings of people who want Ansible to be fast. */
const PIPELINED = playbook('ansible.yml, pipelining', { ANSIBLE_PIPELINING: '1' });

function playbook(name: string, settings: Readonly<Record<string, string>>): Contender {
  return {
    name,
    run: async (hosts, inside, home) => {
      const env = { HOME: home, ANSIBLE_SSH_ARGS: sshArgs(hosts), ...settings };
      const started = performance.now();
      const argv = [
        ...inside.enter,
        'ansible-playbook',
        '-f',
        String(HOSTS),
        '-i',
        hosts.inventory,
        join(LAB ?? '', '../bench/ansible.yml'),
      ];
      const { code, stdout } = await hosts.run(argv, { env });
      const wall = performance.now() - started;
      // Its kill waits 0.2 s for the mailers to go: on a busy machine that is not always enough.
      const failed = [...stdout.matchAll(/ failed=[1-9]/g)].length;
      if (code !== 0 && !(code === 2 && failed < HOSTS / 4))
        throw new Error(`${name} ended with ${code}: ${stdout.slice(-2000)}`);
      return { wall, failed };
    },
  };
}

/** Ansible's own, and the lab's keys: it connects to addresses, which the lab's ssh_config does not name. */
const sshArgs = ({ sshConfig }: Fleet): string =>
  `-C -o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile=${join(dirname(sshConfig), 'known_hosts')}`;
