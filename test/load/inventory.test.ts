import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { expandRange } from '../../src/load/inventory/host-range.ts';
import { inventoryKind, loadInventory, loadListed } from '../../src/load/inventory.ts';
import { targetNamed } from '../../src/model/fleet/target.ts';
import type { Target } from '../../src/model/fleet.ts';
import { assertNoSquare, processorTime } from '../support/growth.ts';
import { brief } from './storm.ts';

async function targets(text: string, path = 'hosts.yaml'): Promise<readonly Target[]> {
  const loaded = await loadInventory({ path, text });
  return loaded.ok ? loaded.value.targets : assert.fail(JSON.stringify(loaded.problems, null, 2));
}

async function problems(text: string, path = 'hosts.yaml'): Promise<readonly string[]> {
  const loaded = await loadInventory({ path, text });
  return loaded.ok ? [] : loaded.problems.map(brief);
}

/** What of an Ansible inventory is left out, or why there is none. */
async function told(text: string): Promise<readonly string[]> {
  const loaded = await loadInventory({ path: 'i.yaml', text });
  const all = (loaded.ok ? loaded.value.warnings : loaded.problems)
    .filter(({ code }) => code !== 'not-used')
    .map(brief);
  return [...new Set(all)];
}

// ---------------------------------------------------------------- ours

const OURS = `firebreak_hosts: 1
about: ours
defaults: {user: oncall, become: true, port: 22}
groups:
  web: {about: front, labels: {role: web, tier: 1.10}}
  eu: {children: [web], labels: {role: any, zone: eu}}
  db:
hosts:
  web[08:10]: {groups: web, labels: {rack: 7}}
  db1: {address: 192.0.2.5, port: 2222, user: deploy, identity: ~/.ssh/db, become: false, groups: [db, eu]}
  bastion:
`;

test('a hosts.yaml gives its hosts, each with the settings of the defaults and of its groups', async () => {
  const common = { user: 'oncall', become: true, port: 22 };
  const web = { ...common, groups: ['web', 'eu'], labels: { role: 'web', zone: 'eu', tier: '1.10', rack: '7' } };
  assert.deepEqual(await targets(OURS), [
    targetNamed('web08', web),
    targetNamed('web09', web),
    targetNamed('web10', web),
    targetNamed('db1', {
      address: '192.0.2.5',
      port: 2222,
      user: 'deploy',
      identity: '~/.ssh/db',
      become: false,
      groups: ['eu', 'db'],
      labels: { role: 'any', zone: 'eu' },
    }),
    targetNamed('bastion', common),
  ]);
});

test('a mistake in a hosts.yaml is reported at its place, with the word that was probably meant', async () => {
  const broken = async (from: string, to: string) => {
    assert.ok(OURS.includes(from), from);
    return problems(OURS.replace(from, to));
  };
  assert.deepEqual(await broken('firebreak_hosts: 1', 'firebreak_hosts: 2'), ['1:18+1 unknown-word']);
  assert.deepEqual(await broken('address:', 'adress:'), ['10:9+6 unknown-key (address)']);
  assert.deepEqual(await broken('groups: web,', 'groups: wbe,'), ['9:24+3 unknown-group (web)']);
  assert.deepEqual(await broken('[db, eu]', '[db, ue]'), ['10:104+2 unknown-group (eu)']);
  assert.deepEqual(await broken('children: [web]', 'children: [wob]'), ['6:19+3 unknown-group (web)']);
  assert.deepEqual(await broken('children: [web]', 'children: [eu]'), ['6:8+8 group-cycle']);
  assert.deepEqual(await broken('port: 2222', 'port: 70000'), ['10:35+5 out-of-range']);
  assert.deepEqual(await broken('port: 2222', 'port: "22"'), ['10:35+4 wrong-type (22)']);
  assert.deepEqual(await broken('~/.ssh/db', 'id_db'), ['10:65+5 bad-value']);
  assert.deepEqual(await broken('192.0.2.5', '"-oProxyCommand=x"'), ['10:18+18 bad-address']);
  assert.deepEqual(await broken('user: deploy', 'user: "de ploy"'), ['10:47+9 bad-user']);
  assert.deepEqual(await broken('web[08:10]: {', 'web[08:10]: {address: 192.0.2.7, '), ['9:25+9 one-address']);
  assert.deepEqual(await broken('web[08:10]', 'web[10:08]'), ['9:3+10 bad-range']);
  assert.deepEqual(await broken('  bastion:', '  db1.:\n  DB1:'), ['12:3+3 duplicate-host']);
  assert.deepEqual(await broken('  bastion:', '  -x:'), ['11:3+2 bad-host']);
  assert.deepEqual(await broken('  bastion:', '  deploy@web1:'), ['11:3+11 bad-host']);
  assert.deepEqual(await broken('  bastion:', '  web:'), ['5:3+3 bad-group']);
  assert.deepEqual(await broken('  db:\n', '  all:\n'), ['7:3+3 bad-group', '10:100+2 unknown-group']);
  assert.deepEqual(await broken('rack: 7', 'kill: 7'), ['9:38+4 bad-label']);
  assert.deepEqual(await broken('rack: 7', 'rack: [7]'), ['9:44+3 wrong-type']);
  assert.deepEqual(await problems('firebreak_hosts: 1\nhosts: {}\n'), ['2:8+2 missing-value']);
  assert.deepEqual(await problems('firebreak_hosts: 1\nhosts:\n  - web1\n'), ['3:3+6 wrong-type']);
});

test('all mistakes are told at once', async () => {
  const text =
    'firebreak_hosts: 1\ndefalts: {user: a}\ngroups: {web: {childs: [x]}}\nhosts:\n  a b: {port: 0}\n  c: {groups: wob}\n';
  assert.deepEqual(await problems(text), [
    '2:1+7 unknown-key (defaults)',
    '3:16+6 unknown-key (children)',
    '3:25+1 unknown-group',
    '5:3+3 bad-host',
    '5:15+1 out-of-range',
    '6:15+3 unknown-group (web)',
  ]);
});

test('reading two thousand hosts costs at most four times as much as reading five hundred', async () => {
  const hosts = Array.from(
    { length: 2000 },
    (_, at) =>
      `  h${at}: {address: 10.0.${at >> 8}.${at & 255}, user: root, groups: [g], labels: {role: web, rack: r${at % 40}}}`,
  );
  const read = async (many: number) =>
    assert.equal(
      (await targets(`firebreak_hosts: 1\ngroups: {g: }\nhosts:\n${hosts.slice(0, many).join('\n')}\n`)).length,
      many,
    );
  const floor = await processorTime(() => read(100));
  await assertNoSquare('two thousand hosts', floor, (share) => read(2000 * share));
});

// ---------------------------------------------------------------- Ansible's

const ANSIBLE = `all:
  vars: {ansible_user: oncall, tier: back, db_password: hunter2hunter2, cert: "${'x'.repeat(101)}"}
  hosts:
    lone:
  children:
    web:
      hosts:
        web[1:2].example:
          ansible_host: 192.0.2.9
          ansible_port: "2222"
          ansible_become: yes
          motd: "{{ greeting }}"
        db1:
      vars: {role: web, tier: front, ansible_user: deploy}
    prod:
      children:
        web:
        db:
          hosts: {db1: {ansible_ssh_private_key_file: /root/.ssh/db, rack: 1.10, up: true, tags: [a]}}
          vars: {ansible_become: false}
`;

test("Ansible's YAML is read as Ansible does: the nearest setting wins, ranges and nested groups work", async () => {
  const web = {
    address: '192.0.2.9',
    port: 2222,
    user: 'deploy',
    become: true,
    groups: ['web', 'prod'],
    labels: { tier: 'front', role: 'web' },
  };
  assert.deepEqual(await targets(ANSIBLE), [
    targetNamed('lone', { user: 'oncall', labels: { tier: 'back' } }),
    targetNamed('web1.example', web),
    targetNamed('web2.example', web),
    targetNamed('db1', {
      user: 'deploy',
      identity: '/root/.ssh/db',
      become: false,
      groups: ['web', 'prod', 'db'],
      labels: { tier: 'front', role: 'web', rack: '1.10', up: 'true' },
    }),
  ]);
});

test("the fleet lab's inventory is read", async () => {
  const text =
    'all:\n  hosts:\n    host1:\n      ansible_host: 10.77.0.3\n      ansible_user: root\n      ansible_ssh_private_key_file: /root/key\n';
  assert.deepEqual(await targets(text, 'inventory.yaml'), [
    targetNamed('host1', { address: '10.77.0.3', user: 'root', identity: '/root/key' }),
  ]);
});

test('a host with a mistake is left out and named with its place; the other hosts stay', async () => {
  const broken = async (from: string, to: string) => {
    assert.ok(ANSIBLE.includes(from), from);
    return told(ANSIBLE.replace(from, to));
  };
  assert.deepEqual(await broken('192.0.2.9', '"{{ ip }}"'), ['9:25+10 jinja']);
  assert.deepEqual(await broken('192.0.2.9', '-oProxyCommand=x'), ['9:25+16 bad-value']);
  assert.deepEqual(await broken('"2222"', '0'), ['10:25+1 bad-value']);
  assert.deepEqual(await broken('ansible_become: yes', 'ansible_become: maybe'), ['11:27+5 bad-value']);
  assert.deepEqual(
    await broken('ansible_become: yes', 'ansible_become: yes\n          ansible_become_user: postgres'),
    ['12:32+8 bad-value'],
  );
  assert.deepEqual(await broken('motd: "{{ greeting }}"', 'ansible_connection: local'), ['12:31+5 bad-value']);
  assert.deepEqual(await broken('web[1:2].example', 'web[2:1].example'), ['8:9+16 bad-host']);
  assert.deepEqual(await broken('web[1:2].example', '"{{ name }}"'), ['8:9+12 bad-host']);
  assert.deepEqual(await broken('        db1:\n', '        DB1:\n'), ['19:19+3 duplicate-host']);
  assert.deepEqual(await broken('    prod:\n      children:', '    prod:\n      childern:'), [
    '16:7+8 unknown-key (children)',
  ]);
  assert.deepEqual(await problems('all:\n  hosts: [a, b]\n', 'i.yaml'), ['2:10+6 wrong-type']);
  assert.deepEqual(await problems('all:\n  hosts:\n', 'i.yaml'), ['1:1+4 no-hosts']);
  assert.deepEqual(await problems('web:\n  children:\n    db:\n      children: {web: }\n  hosts: {a: }\n', 'i.yaml'), [
    '3:5+2 group-cycle',
  ]);
});

test('a vault, a hundred aliases and a large file are read as far as possible, and the unreadable parts are named', async () => {
  const read = async (text: string, beside: Parameters<typeof loadInventory>[0]['beside'] = []) => {
    const loaded = await loadInventory({ path: 'i.yaml', text, beside });
    assert.ok(loaded.ok, JSON.stringify(loaded));
    return {
      hosts: loaded.value.targets.map(({ name, user, labels }) => [name, user, labels]),
      told: loaded.value.warnings.map(({ message, place }) => `${place.file}:${place.line} ${message}`),
    };
  };
  assert.deepEqual(await read('all:\n  hosts:\n    here: {ansible_connection: local}\n    web1:\n'), {
    hosts: [['web1', null, {}]],
    told: [
      'i.yaml:3 here is left out: `ansible_connection` is `local`: hosts are reached over ssh, and this one is not',
    ],
  });
  const vault =
    'all:\n  vars:\n    db_word: !vault |\n      $ANSIBLE_VAULT;1.1;AES256\n      6162\n  hosts:\n    a: {ansible_user: !vault x}\n    b: {role: web}\n';
  assert.deepEqual(await read(vault), {
    hosts: [['b', null, { role: 'web' }]],
    told: ['i.yaml:7 a is left out: `ansible_user` is !vault, which only Ansible itself can open'],
  });
  const aliases = `all:\n  vars: {x: &x {user: a}}\n  hosts:\n${Array.from({ length: 100 }, (_, n) => `    h${n}: {deep: *x}`).join('\n')}\n`;
  assert.equal((await read(aliases)).hosts.length, 100);
  const large = `all:\n  hosts:\n${Array.from({ length: 5000 }, (_, n) => `    h${n}: {note: '${'x'.repeat(250)}', role: web}`).join('\n')}\n`;
  assert.ok(large.length > 1.25 * 1024 * 1024);
  assert.equal((await read(large)).hosts.length, 5000);
  const beside = (of: 'group' | 'host', name: string, text: string) => ({
    of,
    name,
    path: `${of}_vars/${name}.yml`,
    text,
  });
  assert.deepEqual(
    await read('web:\n  vars: {role: file, n: file}\n  hosts: {a: {n: host}, b: }\n', [
      beside('group', 'all', 'role: all\nzone: eu\nansible_user: everybody\n'),
      beside('group', 'web', 'role: web\n'),
      beside('host', 'a', 'ansible_user: root\nn: beside\n'),
      beside('group', 'db', 'role: db\n'),
      beside('host', 'b', '$ANSIBLE_VAULT;1.1;AES256\n6162\n'),
    ]),
    {
      hosts: [
        ['a', 'root', { role: 'web', n: 'beside', zone: 'eu' }],
        ['b', 'everybody', { role: 'web', n: 'file', zone: 'eu' }],
      ],
      told: ['host_vars/b.yml:1 a vault, which only Ansible itself can open: its variables are not known'],
    },
  );
});

test('ssh settings that belong elsewhere, and passwords, are named once each as not used', async () => {
  const text =
    'all:\n  vars: {ansible_ssh_common_args: -J bastion, ansible_become_password: secret99}\n  hosts: {a: , b: {ansible_ssh_common_args: -J other}}\n';
  const loaded = await loadInventory({ path: 'i.yaml', text });
  assert.ok(loaded.ok);
  assert.deepEqual(
    loaded.value.warnings.map(({ message, place }) => `${place.line}:${place.column} ${message}`),
    [
      '2:10 `ansible_ssh_common_args` is not used: what ssh needs stands in ssh_config(5), or in the file of --ssh-config',
      "2:47 `ansible_become_password` is not used: where sudo's password is says --become-password, and no inventory holds it",
    ],
  );
  assert.doesNotMatch(JSON.stringify(loaded), /secret99/);
});

test('the output of `ansible-inventory --list` is read like a file', () => {
  const listed = loadListed('web.ini', {
    _meta: { hostvars: { web1: { ansible_host: '192.0.2.1', role: 'web', n: 3 }, lone: { x: 'y' } } },
    all: { children: ['ungrouped', 'web'] },
    web: { hosts: ['web1', 'web2'], children: ['eu'] },
    eu: { hosts: ['web2'] },
    ungrouped: { hosts: ['lone'] },
  });
  assert.deepEqual(listed.ok && listed.value.targets, [
    targetNamed('web1', { address: '192.0.2.1', groups: ['web'], labels: { role: 'web', n: '3' } }),
    targetNamed('web2', { groups: ['web', 'eu'] }),
    targetNamed('lone', { labels: { x: 'y' } }),
  ]);
  assert.equal(loadListed('x', ['web1']).ok, false);
  assert.equal(loadListed('x', { _meta: { hostvars: { '-oProxyCommand=x': {} } } }).ok, false);
});

// ---------------------------------------------------------------- lists, and which is which

test('a list has one host on each line, and notes', async () => {
  const text = '# ours\nweb[1:2]  # two\n\n  deploy@db1:2222\n[::1]:22\n2001:db8::1\nWeb[3:4]:2200\r\n';
  assert.deepEqual(await targets(text, 'hosts'), [
    targetNamed('web1'),
    targetNamed('web2'),
    targetNamed('db1', { user: 'deploy', port: 2222 }),
    targetNamed('::1', { port: 22 }),
    targetNamed('2001:db8::1'),
    targetNamed('Web3', { port: 2200 }),
    targetNamed('Web4', { port: 2200 }),
  ]);
  assert.deepEqual(await problems('web1\n  -oProxyCommand=x\nweb[2:1]\nWEB1\n', 'hosts'), [
    '2:3+16 bad-host',
    '3:1+8 bad-host',
    '4:1+4 duplicate-host',
  ]);
  assert.deepEqual(await problems('# nobody\n', 'hosts'), ['1:1+1 no-hosts']);
});

test('the kind of an inventory file is recognised by its content', () => {
  const kinds: readonly (readonly [string, string, string])[] = [
    ['ours', 'hosts', '# x\nfirebreak_hosts: 1\n'],
    ['yaml', 'inventory.yml', 'all:\n  hosts: {}\n'],
    ['yaml', 'inventory', 'all:\n  hosts: {}\n'],
    ['yaml', 'inventory', '---\nweb:\n'],
    ['yaml', 'x.json', '{"_meta": {}}'],
    ['foreign', 'aws_ec2.yaml', 'plugin: amazon.aws.aws_ec2\nregions: [eu-west-1]\n'],
    ['foreign', 'hosts', '[web]\nweb1\n'],
    ['foreign', 'hosts', 'web1\n[web:children]\neu\n'],
    ['foreign', 'hosts', 'web1 ansible_host=192.0.2.1\n'],
    ['foreign', 'hosts', '; a note of INI\nweb1\n'],
    ['foreign', 'vault.yml', '$ANSIBLE_VAULT;1.1;AES256\n6633\n'],
    ['list', 'hosts', 'web1\nweb2:2222\n'],
    ['list', 'hosts', '[::1]:22\n[2001:db8::1]\n'],
    ['list', 'hosts', 'web[1:20]\n'],
  ];
  for (const [kind, path, text] of kinds) assert.equal(inventoryKind(path, text), kind, text);
});

test('a range is written out, with its zeros, letters and steps', () => {
  assert.deepEqual(expandRange('web[08:11].x'), ['web08.x', 'web09.x', 'web10.x', 'web11.x']);
  assert.deepEqual(expandRange('[a:c][1:3:2]'), ['a1', 'a3', 'b1', 'b3', 'c1', 'c3']);
  assert.deepEqual(expandRange('web'), ['web']);
  const faults: Readonly<Record<string, RegExp>> = {
    'a[2:1]': /ends before it begins/,
    'a[1]': /is no range/,
    'a[1:2:0]': /is no range/,
    'a[1:b]': /is no range/,
    'a[0:99999]': /more than 10000 hosts/,
    'a[0:999][0:999]': /more than 10000 hosts/,
    'a[1:2': /bracket without the other/,
    'a1:2]': /bracket without the other/,
  };
  for (const [text, says] of Object.entries(faults)) assert.match(String(expandRange(text)), says, text);
});

test('any file is read to an end, and ssh accepts every host name in the result', async () => {
  const line = fc.stringMatching(/^[ \t]{0,4}[-a-z0-9[\]:{}@'"#&*!|>%.=,]{0,14}$/);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('firebreak_hosts: 1\nhosts:\n', 'all:\n  hosts:\n', '---\n', ''),
      fc.array(fc.oneof(line, fc.string({ unit: 'binary' }))),
      async (head, lines) => {
        const loaded = await loadInventory({ path: 'hosts', text: head + lines.join('\n') });
        if (!loaded.ok)
          return assert.ok(
            loaded.problems.length > 0 && loaded.problems.every(({ place }) => place.line > 0 && place.column > 0),
          );
        for (const { name, address } of loaded.value.targets)
          for (const text of [name, address ?? 'a']) assert.match(text, /^[A-Za-z0-9_:][A-Za-z0-9_.:%-]*$/);
      },
    ),
    { numRuns: 500 },
  );
});
