import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CHECKOUT } from '../support/lab/lab.ts';

/** What only Ansible reads, read by the real `ansible-inventory`. */
const folder = mkdtempSync(join(tmpdir(), 'firebreak-ansible-'));
after(() => rmSync(folder, { recursive: true }));

test('an INI inventory, with its ranges, variables and children, is read by the real ansible-inventory', () => {
  const inventory = join(folder, 'web.ini');
  writeFileSync(inventory, '[web]\nweb[1:2] role=front\n[web:vars]\nansible_user=deploy\n[all_of_it:children]\nweb\n', {
    mode: 0o644,
  });
  const { status, stdout, stderr } = spawnSync(
    join(CHECKOUT, 'bin/firebreak'),
    ['hosts', '--inventory', inventory, '--limit', 'all_of_it', '--json'],
    { encoding: 'utf8', env: { PATH: '/usr/bin:/bin', HOME: folder } },
  );
  assert.deepEqual([status, stderr], [0, '']);
  const { hosts } = JSON.parse(stdout) as { hosts: { name: string; user: string; groups: string[]; labels: object }[] };
  assert.deepEqual(
    hosts.map(({ name, user, groups, labels }) => [name, user, groups.toSorted(), labels]),
    ['web1', 'web2'].map((name) => [name, 'deploy', ['all_of_it', 'web'], { role: 'front' }]),
  );
});

test('a folder of inventories with group_vars is read by the real one, and an ansible.cfg beside it loads no code', () => {
  const place = mkdtempSync(join(folder, 'folder-'));
  const inventory = join(place, 'hosts');
  mkdirSync(join(inventory, 'group_vars'), { recursive: true, mode: 0o755 });
  writeFileSync(join(inventory, 'web'), '[web]\nweb1\n', { mode: 0o644 });
  writeFileSync(join(inventory, 'group_vars/web.yml'), 'ansible_user: deploy\n', { mode: 0o644 });
  writeFileSync(
    join(place, 'ansible.cfg'),
    `[defaults]\ninventory_plugins = ${place}\n[inventory]\nenable_plugins = evil, ini, yaml\n`,
    {
      mode: 0o644,
    },
  );
  writeFileSync(join(place, 'evil.py'), `open('${place}/ran', 'w')\n`, { mode: 0o644 });
  const { status, stdout, stderr } = spawnSync(
    join(CHECKOUT, 'bin/firebreak'),
    ['hosts', '--inventory', inventory, '--json'],
    {
      cwd: place,
      encoding: 'utf8',
      env: { PATH: '/usr/bin:/bin', HOME: folder },
    },
  );
  assert.equal(status, 0, stderr);
  const { hosts } = JSON.parse(stdout) as { hosts: { name: string; user: string }[] };
  assert.deepEqual(
    [hosts.map(({ name, user }) => [name, user]), existsSync(join(place, 'ran'))],
    [[['web1', 'deploy']], false],
  );
});
