import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FakeFile } from '../../../src/hosts/fake/world.ts';
import { fakeHost } from '../../../src/hosts/fake.ts';
import type { Comparator } from '../../../src/model/condition.ts';
import type { Json } from '../../../src/model/json.ts';
import type { Permit } from '../../../src/model/policy/permit.ts';
import { misled } from '../../../src/model/runbook/real-params.ts';
import type { Parameter } from '../../../src/model/runbook.ts';
import { emptyWorld } from '../../support/hosts/fake-world.ts';

const file = (type: FakeFile['type'], bytes = '', uid = 0): FakeFile => ({
  type,
  bytes: btoa(bytes),
  mode: 0o755,
  uid,
  gid: 0,
  modified: 0,
  inode: 1,
});

/** /var/run is a link of root's to /run, /srv/sp/out one to /etc, /srv/sp/his/l one of a stranger's. */
const { files } = fakeHost(
  emptyWorld({
    files: new Map([
      ['/run/x', file('directory')],
      ['/var/run', file('symlink', '/run')],
      ['/srv/sp/out', file('symlink', '/etc')],
      ['/srv/sp/his', file('directory', '', 1001)],
      ['/srv/sp/his/l', file('symlink', '/etc', 1001)],
    ]),
  }),
);

interface Given {
  readonly type: Parameter['type'];
  readonly value: Json;
  readonly under?: string;
  readonly wants?: Comparator;
}

async function judged({ type, value, under, wants }: Given): Promise<string> {
  const rule = { id: 'r', params: wants ? { in: wants } : {} };
  const given = { kind: 'allowed', rule } as unknown as Permit;
  const param = { name: 'in', type, ...(under !== undefined && { under }) } as Parameter;
  const wrong = await misled({ host: { files }, runbook: { params: [param] }, params: { in: value }, given });
  return wrong ? `${wrong.outcome}: ${wrong.reasons.join('; ')}` : 'may be used';
}

test('a path below `under` by its text and by its links may be used, also where `under` is behind a link itself', async () => {
  assert.equal(await judged({ type: 'path', value: '/srv/sp/app/none', under: '/srv/sp' }), 'may be used');
  assert.equal(await judged({ type: 'path', value: '/var/run/x', under: '/var/run' }), 'may be used');
  assert.equal(await judged({ type: 'path', value: '/var/run/x', under: '/' }), 'may be used');
});

test('a path that leads out of `under`, or to the folder itself, needs a human', async () => {
  assert.match(
    await judged({ type: 'path', value: '/srv/sp/out/x', under: '/srv/sp' }),
    /^needs-a-human: in: it leads to \/etc\/x, which does not lie below/,
  );
  assert.match(
    await judged({ type: 'path', value: '/srv/sp/out/..', under: '/srv/sp' }),
    /^needs-a-human: in: it leads to \/, /,
  );
  assert.match(await judged({ type: 'path', value: '/srv/sp/', under: '/srv/sp' }), /^needs-a-human/);
});

test('a constrained path through a link of another user needs a human', async () => {
  assert.match(
    await judged({ type: 'path', value: '/srv/sp/his/l/x', under: '/srv/sp' }),
    /^needs-a-human: in: .*another user.*leads to \/etc\/x/,
  );
  assert.match(
    await judged({ type: 'path', value: '/srv/sp/his/l/x', wants: { matches: '/srv/.*' } }),
    /^needs-a-human/,
  );
  assert.equal(await judged({ type: 'path', value: '/srv/sp/his/l/x' }), 'may be used');
});

test('the condition of a policy on a path applies to where the path leads, also for lists of paths and for texts that are paths', async () => {
  const wants: Comparator = { matches: '/srv/sp/.*' };
  assert.equal(await judged({ type: 'list', value: ['/srv/sp/a', '/srv/sp/b'], wants }), 'may be used');
  const said = /^refused-by-policy: rule r: in leads to \/etc\/x does not match/;
  assert.match(await judged({ type: 'path', value: '/srv/sp/out/x', wants }), said);
  assert.match(await judged({ type: 'list', value: ['/srv/sp/a', '/srv/sp/out/x'], wants }), said);
  assert.match(await judged({ type: 'string', value: '/srv/sp/out/x', wants }), said);
  assert.match(
    await judged({ type: 'path', value: '/srv/sp/out', wants: { is: '/srv/sp/out' } }),
    /^refused-by-policy/,
  );
  assert.match(
    await judged({ type: 'path', value: '/srv/sp/out', wants: { one_of: ['/srv/sp/out'] } }),
    /^refused-by-policy/,
  );
});

test('values that are no paths are not looked up on the host', async () => {
  assert.equal(await judged({ type: 'integer', value: 5, wants: { at_most: 9 } }), 'may be used');
  assert.equal(await judged({ type: 'string', value: 'a.b', wants: { matches: 'a.b' } }), 'may be used');
});
