import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { main } from '../../../src/cli.ts';
import type { Io } from '../../../src/commands/_command.ts';
import { hostWords, limitWords } from '../../../src/commands/_limit.ts';
import { hasEnded, settle } from '../../../src/commands/_result.ts';
import { reachOf, targetsOf } from '../../../src/commands/fleet/hosts.ts';
import type { Selection } from '../../../src/model/fleet/selection.ts';
import { secretsHere } from '../../../src/wiring/secrets.ts';
import { testIo } from '../../support/test-io.ts';

// An inventory that others could have written is not used, so the tests set their own umask.
process.umask(0o022);

const folder = fs.mkdtempSync(join(tmpdir(), 'firebreak-hosts-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string, mode = 0o644): string {
  const path = join(folder, name);
  fs.writeFileSync(path, text, { mode });
  return path;
}

async function firebreak(
  argv: readonly string[],
  given: Partial<Io> = {},
): Promise<{ code: number; out: string; err: string }> {
  const { io, out, err } = testIo({ cwd: folder, env: { PATH: '/usr/bin:/bin' }, ...given });
  return { code: await main(argv, io), out: out(), err: err() };
}

/** ssh_config of these tests: nobody's own says anything. */
write('ssh_config', 'Host web2\n  HostName 192.0.2.12\n  ProxyJump bastion\nHost *\n  User oncall\n');
write(
  'hosts.yaml',
  `firebreak_hosts: 1
groups:
  web: {labels: {role: web}}
  canary:
hosts:
  web1: {address: 192.0.2.11, port: 2222, become: true, groups: [web, canary]}
  web[2:3]: {groups: web}
  db1: {user: deploy, identity: /root/.ssh/db, labels: {note: "\\x1b[31mred\\u202e"}}
`,
);
const HOSTS = ['hosts', '--ssh-config', 'ssh_config', '--inventory', 'hosts.yaml'];
const here = (program: string) =>
  ['/usr/bin', '/bin', '/usr/local/bin'].some((path) => fs.existsSync(join(path, program)))
    ? {}
    : { skip: `there is no ${program} here` };

test('a selection is shown as a table: who, in which batch, and where ssh would go', here('ssh'), async () => {
  assert.deepEqual(await firebreak([...HOSTS, '--skip', 'web3', '--batches', '1,rest']), {
    code: 0,
    out: `3 hosts, 1 skipped
batch  host  reached as                root  groups      labels
    1  web1  oncall@192.0.2.11:2222    sudo  web canary  role=web
    2  web2  oncall@192.0.2.12 via b…        web         role=web
    2  db1   deploy@db1                                  note=\\x1b[31mred\\u{202…
skipped  web3
groups   web 2, canary 1
Batches 1, rest, of those on which something is to be done; at most 10 hosts at
once; the first host that fails stops it: no further host is begun.
`,
    err: '',
  });
});

test(
  'two hundred hosts are a line a batch, and with --all a line each, however narrow the terminal',
  here('ssh'),
  async () => {
    const names = Array.from({ length: 200 }, (_, at) => `web${at + 1}`);
    write('many.txt', names.join('\n'));
    const many = ['hosts', '--ssh-config', 'ssh_config', '--inventory', 'many.txt'];
    assert.equal(
      (await firebreak(many)).out,
      `200 hosts
batch 1    1  web1
batch 2    9  web2 … web10
batch 3   40  web11 … web50
batch 4  150  web51 … web200
Batches 1, 5%, 25%, rest, of those on which something is to be done; at most 10
hosts at once; the first host that fails stops it: no further host is begun.
Addresses, labels, a line each: --all
`,
    );
    for (const columns of [80, 200]) {
      const lines = (await firebreak([...many, '--all', '--order', 'reverse'], { columns })).out.split('\n');
      assert.equal(lines.filter((line) => /^ +\d+ {2}web\d+ {2}/.test(line)).length, 200);
      assert.match(lines[2] ?? '', /^ {4}1 {2}web200 {2}oncall@web200$/);
      assert.deepEqual(
        lines.filter((line) => line.length > columns),
        [],
      );
    }
  },
);

test('the JSON output has every host with its batch and with the settings that ssh finds', here('ssh'), async () => {
  const { code, out } = await firebreak([...HOSTS, '--limit', 'web,!web3', '--order', 'reverse', '--json']);
  const { hosts, ...rest } = JSON.parse(out);
  assert.equal(code, 0);
  assert.deepEqual(hosts, [
    {
      name: 'web1',
      address: '192.0.2.11',
      port: 2222,
      user: null,
      identity: null,
      groups: ['web', 'canary'],
      labels: { role: 'web' },
      become: true,
      batch: 2,
      ssh: { hostname: '192.0.2.11', port: 2222, user: 'oncall', via: null },
    },
    {
      name: 'web2',
      address: null,
      port: null,
      user: null,
      identity: null,
      groups: ['web'],
      labels: { role: 'web' },
      become: null,
      batch: 1,
      ssh: { hostname: '192.0.2.12', port: 22, user: 'oncall', via: 'bastion' },
    },
  ]);
  assert.deepEqual(rest, {
    skipped: [],
    strategy: {
      batches: [
        { kind: 'hosts', count: 1 },
        { kind: 'share', percent: 5 },
        { kind: 'share', percent: 25 },
        { kind: 'rest' },
      ],
      atOnce: 10,
      pause: 0,
      failures: { kind: 'hosts', count: 0 },
      order: 'reverse',
    },
    batches: [['web2'], ['web1']],
  });
});

test(
  'one address under several names is pointed out, and so are ssh’s complaints about its configuration',
  here('ssh'),
  async () => {
    const same = await firebreak([
      'hosts',
      '--ssh-config',
      'none',
      '--hosts',
      'deploy@192.0.2.11,b',
      '--batches',
      'rest',
    ]);
    assert.doesNotMatch(same.out, /one machine/);
    write('same.txt', 'web2\n192.0.2.12\n');
    write('same_config', 'Host web2\n  HostName 192.0.2.12\n');
    assert.match(
      (await firebreak(['hosts', '--ssh-config', 'same_config', '--inventory', 'same.txt'])).out,
      /^! web2, 192\.0\.2\.12 are all 192\.0\.2\.12 port 22: one machine, or several behind\none address\?$/m,
    );
    write('broken_config', 'Hots web2\n');
    const broken = await firebreak(['hosts', '--ssh-config', 'broken_config', '--hosts', 'a']);
    assert.equal(broken.code, 69);
    assert.match(broken.err, /^firebreak: ssh says: .*broken_config: terminating, 1 bad configuration options$/m);
  },
);

test("a runbook's own strategy counts, and flags win over it", here('ssh'), async () => {
  write(
    'look.yaml',
    `firebreak: 1
runbook: look
version: 1.0.0
title: looks
fleet: {batches: [2, 100%], at_once: 3, pause: 1m, max_failures: 25%, order: name}
diagnose:
  - {id: always, disk: {path: /}, expect: {inodes_free: {at_least: 0%}}}
`,
  );
  const words = async (...argv: readonly string[]) => {
    const { code, out, err } = await firebreak([
      'hosts',
      './look.yaml',
      '--ssh-config',
      'ssh_config',
      '--hosts',
      'b,c,a',
      ...argv,
    ]);
    assert.deepEqual([code, err], [0, '']);
    return out.slice(out.indexOf('Batches')).replaceAll('\n', ' ').trim();
  };
  assert.equal(
    await words(),
    'Batches 2, 100%, of those on which something is to be done; at most 3 hosts at once; 1 min between batches; order: name; stops when more than 25% of the hosts have failed.',
  );
  assert.equal(
    await words('--at-once', '1', '--pause', '0', '--order', 'given', '--max-failures', '1', '--batches', 'rest'),
    'Batches rest, of those on which something is to be done; at most 1 host at once; stops when more than 1 have failed.',
  );
  assert.match(await words('--order', 'shuffled'), /^Batches 2, 100%, shuffled anew for each run, of those/);
});

test('whatever is wrong with a selection is one clear line, and nothing is chosen', async () => {
  const wrong: readonly (readonly [readonly string[], number, string])[] = [
    [[], 64, 'name hosts with --host, --hosts or --inventory'],
    [
      ['--host', '-oProxyCommand=reboot'],
      64,
      '--host -oProxyCommand=reboot: it begins with `-`: ssh would take it for an option',
    ],
    [['--host=web1\u001b[31m'], 64, '--host web1\\x1b[31m: it holds a character that cannot be seen'],
    [['--hosts', 'web1,,web2'], 64, '--hosts : it is empty'],
    [['--host', 'web1,web2'], 64, '--host web1,web2: it holds a comma: several hosts are `--hosts a,b,c`'],
    [
      ['--hosts', 'a,root@A'],
      64,
      '--hosts root@A: a is named twice, in two ways; in an inventory each can have a name',
    ],
    [['--hosts', 'web1,web2', '--limit', 'web3'], 64, 'web3 matches no host, group or label; did you mean web1?'],
    [
      ['--hosts', 'web1', '--limit', 'kil=100'],
      64,
      'kil=100 matches no host, group or label; did you mean --limit kill=100?',
    ],
    [['--hosts', 'web1', '--skip', 'web1'], 64, 'every host that was chosen is skipped'],
    [['--skip', 'web1'], 64, '--skip is for hosts over ssh: name them with --host, --hosts or --inventory'],
    [['--hosts', 'a', '--batches', '1,x'], 64, '--batches 1,x: `x` is no size; write 1,5%,25%,rest'],
    [
      ['--hosts', 'a', '--batches', '1'],
      64,
      '--batches 1: the last batch is `rest`: it says what becomes of everybody else',
    ],
    [['--hosts', 'a', '--at-once', '0'], 64, '--at-once 0: write a whole number, 1 or more'],
    [['--hosts', 'a', '--pause', '30'], 64, '--pause 30: write 30s or 5m'],
    [['--hosts', 'a', '--max-failures', 'rest'], 64, '--max-failures rest: write a number or a share: 2, 5%'],
    [['--inventory', 'none.yaml'], 66, `--inventory: ${folder}/none.yaml cannot be read: no such file`],
    [
      ['--inventory', '/dev/null'],
      66,
      '--inventory: /dev/null cannot be read: it is no regular file (a pipe, a device, a folder)',
    ],
    [
      ['--hosts', 'a', '--ssh-config', 'none_here'],
      66,
      `--ssh-config: ${folder}/none_here cannot be read: no such file`,
    ],
    [
      ['--inventory', 'hosts.yaml', '--hosts', 'web1,wbe2'],
      64,
      `wbe2 is not in ${folder}/hosts.yaml; did you mean web2?`,
    ],
  ];
  for (const [argv, code, says] of wrong) {
    assert.deepEqual(
      await firebreak(['hosts', ...argv]),
      { code, out: '', err: `firebreak: ${says}\n` },
      argv.join(' '),
    );
  }
});

test('without hosts an unknown limit is reported as usual, with the word that was probably meant', async () => {
  const says = async (limit: string) => (await firebreak(['plan', 'cron-mail-storm', '--limit', limit])).err;
  const known = 'the limits are kill, delete, edit, stopped_for, services, commands;';
  assert.equal(await says('kil=3'), `firebreak: --limit kil: ${known} did you mean kill?\n`);
  assert.equal(
    await says('web*'),
    `firebreak: --limit web*: ${known} hosts to choose from are named with --hosts or --inventory\n`,
  );
});

test('an inventory with mistakes is told with its lines, and so is it by `check`', async () => {
  write('bad.yaml', 'firebreak_hosts: 1\ngroups: {web: }\nhosts:\n  a: {groups: wbe}\n  b c:\n');
  const bad = await firebreak(['hosts', '--inventory', 'bad.yaml']);
  assert.equal(bad.code, 65);
  assert.match(
    bad.err,
    /bad\.yaml:4:15: error\[unknown-group\]: `wbe` is not a group of `groups`[\s\S]*did you mean web\?[\s\S]*bad\.yaml:5:3: [\s\S]*2 problems\n$/,
  );
  const checked = await firebreak(['check', 'bad.yaml', 'hosts.yaml']);
  assert.deepEqual([checked.code, checked.out], [65, 'ok  hosts.yaml  4 hosts\n']);
  assert.match(checked.err, /2 problems\n$/);
});

test('inventories and ssh configurations that others could have written are not used', async () => {
  for (const [name, argv] of [
    ['open.yaml', ['--inventory', 'open.yaml']],
    ['open_config', ['--hosts', 'a', '--ssh-config', 'open_config']],
  ] as const) {
    fs.chmodSync(write(name, 'all:\n  hosts: {a: }\n'), 0o666);
    const { code, out, err } = await firebreak(['hosts', ...argv]);
    assert.deepEqual([code, out], [77, '']);
    assert.match(
      err,
      new RegExp(`^firebreak: others could have written ${folder}/${name}:[\\s\\S]*chmod go-w ${folder}/${name}`),
    );
  }
});

// ---------------------------------------------------------------- what only Ansible reads (the real one: test/lab/ansible-inventory.lab.ts)

const INI = write('web.ini', '[web]\nweb[1:2] role=front\n[web:vars]\nansible_user=deploy\n');

test('where ansible-inventory is not installed the way out is said', async () => {
  const { listInventory } = await import('../../../src/hosts/ansible-inventory.ts');
  const listed = await listInventory({
    file: INI,
    env: {},
    config: null,
    signal: new AbortController().signal,
    programs: folder,
  });
  assert.deepEqual(listed, {
    ok: false,
    code: 'no-ansible',
    message: `${INI} can only be read by ansible-inventory, which is not installed here: install Ansible, or write the hosts into a hosts.yaml (examples/hosts.yaml)`,
  });
});

/** Replaces ansible-inventory: it takes the same arguments and prints the same form as the real one. */
function fakeAnsible(script: string): { readonly PATH: string } {
  const bin = fs.mkdtempSync(join(folder, 'bin-'));
  fs.writeFileSync(join(bin, 'ansible-inventory'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { PATH: `${bin}:/usr/bin:/bin` };
}

test('an inventory that is a program is run by Ansible alone', async () => {
  const program = write('dynamic', `#!/bin/sh\ntouch ${folder}/ran\n`, 0o755);
  const list =
    '{"_meta": {"hostvars": {"web1": {"ansible_host": "192.0.2.1", "role": "front"}}}, "web": {"hosts": ["web1"]}}';
  const env = fakeAnsible(`[ "$*" = "--list -i ${program}" ] && echo '${list}'`);
  const selection = await targets({ inventory: program, limit: ['web'] }, { env });
  assert.deepEqual(
    selection.targets.map(({ name, address, groups, labels }) => [name, address, groups, labels]),
    [['web1', '192.0.2.1', ['web'], { role: 'front' }]],
  );
  assert.equal(fs.existsSync(join(folder, 'ran')), false);
  fs.chmodSync(program, 0o777);
  const refused = await chosen({ inventory: program }, { env: fakeAnsible(`touch ${folder}/ran`) });
  assert.deepEqual([refused.result, fs.existsSync(join(folder, 'ran'))], [77, false]);
});

test('what ansible-inventory says when it cannot is said', async () => {
  const says = async (script: string) => {
    const { result, err } = await chosen({ inventory: INI }, { env: fakeAnsible(script) });
    return [result, err];
  };
  assert.deepEqual(await says('echo "vault password wanted" >&2; exit 4'), [
    66,
    `firebreak: --inventory: ansible-inventory -i ${INI} ended with 4: vault password wanted\n`,
  ]);
  assert.deepEqual(await says('echo no json'), [
    66,
    `firebreak: --inventory: what ansible-inventory -i ${INI} prints is not JSON\n`,
  ]);
  const flood = await says(
    'while :; do echo 0123456789012345678901234567890123456789012345678901234567890123; done | head -c 40000000',
  );
  assert.deepEqual(flood, [66, `firebreak: --inventory: ansible-inventory -i ${INI} printed more than 32 MiB\n`]);
});

test('what Ansible could not read is no inventory without hosts: its reason is said, and what to type', async () => {
  const said = async (reason: string, file = INI) => {
    const lines = `[WARNING]:  * Failed to parse ${file} with ini\nplugin: ${reason}\n[WARNING]: Unable to parse ${file} as an inventory\nsource\n`;
    const env = fakeAnsible(`printf '%s' '${lines}' >&2; echo '{"_meta": {"hostvars": {}}}'`);
    return (await chosen({ inventory: file }, { env })).err;
  };
  assert.equal(
    await said('Expected key=value, got: x'),
    `firebreak: --inventory: ansible-inventory cannot read ${INI}: Expected key=value, got: x\n`,
  );
  assert.match(
    await said('Attempting to decrypt but no vault secrets\nfound'),
    /no vault secrets found; name the file of its password: ANSIBLE_VAULT_PASSWORD_FILE=\/path, or leave out/,
  );
  const marked = write('marked.ini', '\ufeff[web]\nweb1\n');
  assert.match(
    await said('host range must be begin:end', marked),
    /begin:end; it begins with a byte order mark, which Ansible takes for a part of its first name: save it without/,
  );
});

test('group_vars and host_vars beside an Ansible inventory are read with it, by whom they can be trusted', async () => {
  for (const name of ['group_vars/web', 'host_vars']) fs.mkdirSync(join(folder, 'prod', name), { recursive: true });
  write('prod/hosts.yml', 'web:\n  hosts: {a: {ansible_ssh_common_args: -J b}, b: }\n');
  write('prod/group_vars/web/who.yml', 'ansible_user: deploy\n');
  write('prod/group_vars/web/notes.txt', 'no variables\n');
  write('prod/host_vars/b', 'ansible_host: 192.0.2.7\n');
  const { result, err } = await chosen({ inventory: 'prod/hosts.yml' });
  assert.ok(result !== null && typeof result === 'object', err);
  assert.deepEqual(
    result.targets.map(({ name, user, address }) => [name, user, address]),
    [
      ['a', 'deploy', null],
      ['b', 'deploy', '192.0.2.7'],
    ],
  );
  assert.equal(
    err,
    `firebreak: ${folder}/prod/hosts.yml:2:15: \`ansible_ssh_common_args\` is not used: what ssh needs stands in ssh_config(5), or in the file of --ssh-config\n`,
  );
  fs.chmodSync(join(folder, 'prod/host_vars/b'), 0o666);
  assert.equal((await chosen({ inventory: 'prod/hosts.yml' })).result, 77);
});

test('Ansible is started away from the folder of the inventory, with a configuration that was looked at, and with nobody else’s code', async () => {
  const place = fs.mkdtempSync(join(folder, 'theirs-'));
  fs.writeFileSync(join(place, 'ansible.cfg'), '[defaults]\ninventory_plugins = ./evil\n', { mode: 0o644 });
  const inventory = join(place, 'hosts.ini');
  fs.writeFileSync(inventory, '[web]\na role=x\n', { mode: 0o644 });
  const seen = join(folder, 'seen');
  const script = `pwd >${seen}; env | grep -E '^(ANSIBLE|PYTHON|LD_)' | sort >>${seen}; echo '{"_meta": {"hostvars": {}}, "web": {"hosts": ["a"]}}'`;
  const strange = { PYTHONPATH: place, ANSIBLE_INVENTORY_PLUGINS: place, LD_PRELOAD: '' };
  const home = fs.mkdtempSync(join(folder, 'home-'));
  await targets({ inventory }, { cwd: place, env: { ...fakeAnsible(script), ...strange, HOME: home } });
  const usual = fs.existsSync('/etc/ansible/ansible.cfg') ? 'ANSIBLE_CONFIG=/etc/ansible/ansible.cfg\n' : '';
  assert.equal(fs.readFileSync(seen, 'utf8'), `/\n${usual}`);
  fs.writeFileSync(join(home, '.ansible.cfg'), '[defaults]\n', { mode: 0o644 });
  await targets({ inventory }, { cwd: place, env: { ...fakeAnsible(script), HOME: home } });
  assert.equal(fs.readFileSync(seen, 'utf8'), `/\nANSIBLE_CONFIG=${home}/.ansible.cfg\n`);
  fs.chmodSync(join(home, '.ansible.cfg'), 0o666);
  fs.rmSync(seen);
  const refused = await chosen({ inventory }, { cwd: place, env: { ...fakeAnsible(script), HOME: home } });
  assert.deepEqual([refused.result, fs.existsSync(seen)], [77, false]);
});

test('what Ansible would run as code must be trusted: plug-ins and vault scripts that its configuration names, and itself', async () => {
  const place = fs.mkdtempSync(join(folder, 'code-'));
  const inventory = join(place, 'hosts.ini');
  fs.writeFileSync(inventory, '[web]\na role=x\n', { mode: 0o644 });
  for (const name of ['plugins', 'home']) fs.mkdirSync(join(place, name));
  fs.writeFileSync(join(place, 'plugins/evil.py'), '', { mode: 0o666 });
  fs.chmodSync(join(place, 'plugins/evil.py'), 0o666);
  fs.writeFileSync(join(place, 'vault'), '', { mode: 0o755 });
  fs.chmodSync(join(place, 'vault'), 0o777);
  const seen = join(place, 'seen');
  const env = {
    ...fakeAnsible(`touch ${seen}; echo '{"_meta": {"hostvars": {}}, "web": {"hosts": ["a"]}}'`),
    HOME: join(place, 'home'),
  };
  const asked = async (config: string, more: Readonly<Record<string, string>> = {}) => {
    fs.writeFileSync(join(place, 'home/.ansible.cfg'), `[defaults]\n${config}\n`, { mode: 0o644 });
    const { result, err } = await chosen({ inventory }, { env: { ...env, ...more } });
    return [result, / {2}(\S+) can be written by everybody/.exec(err)?.[1], fs.existsSync(seen)];
  };
  const plugin = join(place, 'plugins/evil.py');
  for (const config of [`inventory_plugins = /usr/share/none:${place}/plugins`, 'vars_plugins: ../plugins'])
    assert.deepEqual(await asked(config), [77, plugin, false], config);
  for (const config of [`vault_password_file=${place}/vault`, 'vault_identity_list = dev@../vault, prod@prompt'])
    assert.deepEqual(await asked(config), [77, join(place, 'vault'), false], config);
  const vault = { ANSIBLE_VAULT_PASSWORD_FILE: join(place, 'vault') };
  assert.deepEqual(await asked('', vault), [77, join(place, 'vault'), false]);
  const [program = ''] = (env.PATH ?? '').split(':');
  fs.chmodSync(join(program, 'ansible-inventory'), 0o777);
  assert.deepEqual(await asked(''), [77, join(program, 'ansible-inventory'), false]);
  fs.chmodSync(join(program, 'ansible-inventory'), 0o755);
  assert.equal((await asked(''))[2], true);
});

test('a folder is an inventory of Ansible, and each file in it must be trusted', async () => {
  const inventory = fs.mkdtempSync(join(folder, 'folder-'));
  fs.chmodSync(inventory, 0o755);
  fs.writeFileSync(join(inventory, 'one.ini'), '[web]\na\n', { mode: 0o644 });
  const env = fakeAnsible(`echo '{"_meta": {"hostvars": {}}, "web": {"hosts": ["a"]}}'`);
  assert.deepEqual(
    (await targets({ inventory }, { env })).targets.map(({ name }) => name),
    ['a'],
  );
  fs.chmodSync(join(inventory, 'one.ini'), 0o666);
  assert.equal((await chosen({ inventory }, { env })).result, 77);
});

// ---------------------------------------------------------------- for who acts

async function chosen(options: Readonly<Record<string, unknown>>, given: Partial<Io> = {}) {
  const { io, err } = testIo({ cwd: folder, env: {}, ...given });
  const made = await targetsOf(io, options);
  return { result: hasEnded(made) ? settle(made, io.stderr) : made, err: err(), io };
}

async function targets(options: Readonly<Record<string, unknown>>, given: Partial<Io> = {}): Promise<Selection> {
  const { result, err } = await chosen(options, given);
  return result !== null && typeof result === 'object' ? result : assert.fail(err);
}

test('without a host it is this machine', async () => {
  assert.equal((await chosen({ limit: ['kill=3'], param: ['a=b'] })).result, null);
});

test('limits of a run and patterns of hosts are distinguished by their words', async () => {
  const one = await targets({ hosts: 'web1,web2,db1', limit: ['kill=100', 'web*', 'stopped_for=1h'] });
  assert.deepEqual(
    one.targets.map(({ name }) => name),
    ['web1', 'web2'],
  );
});

test('a new kind of limit gives way to a label of the same name', async () => {
  write('labelled.yaml', 'firebreak_hosts: 1\nhosts:\n  a: {labels: {services: mail, commands: 3}}\n  b:\n');
  write('plain.yaml', 'firebreak_hosts: 1\nhosts: {a: , b: }\n');
  const of = async (inventory: string, ...limit: readonly string[]) => {
    const { result } = await chosen({ inventory, limit });
    const { targets: hosts, limits } = result !== null && typeof result === 'object' ? result : assert.fail();
    return [hosts.map(({ name }) => name).join(), limits.join()];
  };
  assert.deepEqual(await of('labelled.yaml', 'services=mail', 'kill=3'), ['a', 'kill=3']);
  assert.deepEqual(await of('labelled.yaml', 'commands=3'), ['a', '']);
  assert.deepEqual(await of('plain.yaml', 'commands=3', 'b'), ['b', 'commands=3']);
  const { code, err } = await firebreak(['hosts', '--inventory', 'plain.yaml', '--limit', 'services=mail']);
  assert.deepEqual(
    [code, err],
    [64, 'firebreak: --limit services=mail raises a limit of a run; no host, group or label is meant by it\n'],
  );
});

test('the host options can be typed again as they were', () => {
  const options = {
    ...{
      host: ['a', 'root@b:22'],
      hosts: 'c,d',
      inventory: 'h.yaml',
      skip: ['x'],
      sshConfig: 'cfg',
      become: true,
      becomePassword: 'env:X',
    },
    ...{
      batches: '1,rest',
      atOnce: '3',
      pause: '1s',
      maxFailures: '5%',
      order: 'name',
      limit: ['web'],
      param: ['p=1'],
    },
  };
  assert.equal(
    hostWords(options).join(' '),
    '--host a --host root@b:22 --hosts c,d --inventory h.yaml --skip x --ssh-config cfg --become-password env:X --batches 1,rest --at-once 3 --pause 1s --max-failures 5% --order name --become',
  );
  assert.deepEqual(hostWords({ become: true, limit: ['kill=1'] }), []);
  assert.deepEqual(limitWords({ hosts: 'a', limit: ['kill=1', 'killer', 'all,&kill=1', 'kil=1'] }), {
    limits: ['kill=1'],
    patterns: ['killer', 'all,&kill=1', 'kil=1'],
  });
  assert.deepEqual(limitWords({ limit: ['web'] }), { limits: ['web'], patterns: [] });
});

test('names select from an inventory, and settings given with them win', async () => {
  const { targets: found } = await targets({ inventory: 'hosts.yaml', host: ['root@DB1:2200'], hosts: 'web1' });
  assert.deepEqual(
    found.map(({ name, user, port, address }) => [name, user, port, address]),
    [
      ['db1', 'root', 2200, null],
      ['web1', null, 2222, '192.0.2.11'],
    ],
  );
});

test("sudo's password is taken from where it is, however short, and is in no byte of what is shown", async () => {
  const env = { SUDO_WORD: 'oncall' };
  const { io, err } = testIo({ cwd: folder, env, secrets: secretsHere(env) });
  const selection = await targetsOf(io, { host: 'web1', become: true, becomePassword: 'env:SUDO_WORD' });
  assert.ok(selection !== null && !hasEnded(selection), err());
  assert.deepEqual(selection.ssh, {
    config: null,
    become: true,
    password: { $secret: "sudo's password", from: 'env:SUDO_WORD' },
  });
  const reach = reachOf(io, selection);
  assert.equal(await reach.password?.(), 'oncall');
  assert.doesNotMatch(JSON.stringify(selection), /oncall/);
  const file = write('password', 'correct horse battery\n', 0o600);
  const long = await targetsOf(io, { host: 'web1', becomePassword: `file:${file}` });
  assert.equal(long !== null && !hasEnded(long) && (await reachOf(io, long).password?.()), 'correct horse battery');
  assert.equal(io.secrets?.redact('it is correct horse battery').includes('correct horse'), false);
});

test('a password that is typed into the command line, or cannot be had, is refused', async () => {
  const env = { EMPTY: '', TWO: 'a\nb' };
  const refused = async (options: Readonly<Record<string, unknown>>) => {
    const { result, err } = await chosen({ host: 'web1', ...options }, { env, secrets: secretsHere(env) });
    return [result, err.replace(/^firebreak: |\n$/g, '')];
  };
  const where = '--become-password says where it is, never what it is: file:/path or env:NAME';
  assert.deepEqual(await refused({ becomePassword: 'hunter2' }), [64, where]);
  assert.deepEqual(await refused({ becomePassword: 'command:pass show sudo' }), [64, where]);
  assert.deepEqual(await refused({ becomePassword: 'env:EMPTY' }), [
    66,
    "sudo's password cannot be had from env:EMPTY: it is empty, too long, or more than a line",
  ]);
  assert.deepEqual(await refused({ becomePassword: 'env:TWO' }), [
    66,
    "sudo's password cannot be had from env:TWO: it is empty, too long, or more than a line",
  ]);
  assert.deepEqual(await refused({ becomePassword: 'env:NONE' }), [
    66,
    "sudo's password cannot be had from env:NONE: there is no such variable in the environment",
  ]);
  assert.deepEqual(await refused({ becomePassword: 'env:TWO', askBecomePassword: true }), [
    64,
    '--ask-become-password or --become-password, not both',
  ]);
  assert.deepEqual(await refused({ askBecomePassword: true }), [
    64,
    '--ask-become-password needs a person at a terminal; else: --become-password file:/path',
  ]);
});
