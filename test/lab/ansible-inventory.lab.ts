import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CHECKOUT } from '../support/lab.ts';

/** What only Ansible reads, read by the real `ansible-inventory`. */
const folder = mkdtempSync(join(tmpdir(), 'firebreak-ansible-'));
after(() => rmSync(folder, { recursive: true }));

test('an INI inventory, with its ranges, variables and children, is read by the real ansible-inventory', () => {
  const inventory = join(folder, 'web.ini');
  writeFileSync(inventory, '[web]\nweb[1:2] role=front\n[web:vars]\nansible_user=deploy\n[all_of_it:children]\nweb\n', { mode: 0o644 });
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
