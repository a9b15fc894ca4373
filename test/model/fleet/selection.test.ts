import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { select } from '../../../src/model/fleet/selection.ts';
import { targetNamed } from '../../../src/model/fleet/target.ts';
import type { Target } from '../../../src/model/fleet.ts';
import { assertNoSquare, processorTime } from '../../support/growth.ts';

const KNOWN: readonly Target[] = [
  targetNamed('web1', { groups: ['web', 'canary'], labels: { role: 'web', rack: 'r1' } }),
  targetNamed('web2', { groups: ['web'], labels: { role: 'web', rack: 'r2' } }),
  targetNamed('db1', { groups: ['db'], labels: { role: 'db', rack: 'r1' } }),
  targetNamed('Mail'),
];

const chosen = (...limit: readonly string[]): readonly string[] | string => {
  const found = select(KNOWN, { limit, skip: [] });
  return found.ok ? found.targets.map(({ name }) => name) : found.says;
};

test('a pattern names hosts, groups, labels, or wildcards over them', () => {
  const patterns: Readonly<Record<string, readonly string[]>> = {
    all: ['web1', 'web2', 'db1', 'Mail'],
    '*': ['web1', 'web2', 'db1', 'Mail'],
    web: ['web1', 'web2'],
    'WEB?': ['web1', 'web2'],
    'web*': ['web1', 'web2'],
    mail: ['Mail'],
    'c*y': ['web1'],
    'role=web': ['web1', 'web2'],
    'rack=*1': ['web1', 'db1'],
    'name=web1': ['web1'],
    'group=d*': ['db1'],
    'db1,web1': ['web1', 'db1'],
    'web,&rack=r1': ['web1'],
    '&rack=r1': ['web1', 'db1'],
    '!web': ['db1', 'Mail'],
    'all,!db1': ['web1', 'web2', 'Mail'],
    '!db1,all,&role=*': ['web1', 'web2'],
    'web1,web1,web*': ['web1', 'web2'],
  };
  for (const [pattern, names] of Object.entries(patterns)) assert.deepEqual(chosen(pattern), names, pattern);
});

test('each further pattern narrows', () => {
  assert.deepEqual(chosen('web', 'rack=r1'), ['web1']);
  assert.equal(chosen('web', 'db1'), 'db1 leaves no host; each further --limit narrows, a comma widens');
});

test('a word that matches nothing is an error, wherever it stands', () => {
  assert.deepEqual(select(KNOWN, { limit: ['web,!db2'], skip: [] }), {
    ok: false,
    says: 'db2 matches no host, group or label',
    word: 'db2',
    known: ['web1', 'web2', 'db1', 'Mail', 'web', 'canary', 'db', 'role=web', 'rack=r1', 'rack=r2', 'role=db'],
  });
  for (const word of [
    'wob',
    'wob*',
    'role=x',
    'rolle=web',
    'constructor',
    'constructor=x',
    'toString=*',
    '__proto__=*',
    '&wob',
    '!wob',
  ])
    assert.match(String(chosen(`web,${word}`)), /matches no host, group or label$/, word);
  assert.match(String(chosen('web,')), /^a pattern has an empty word/);
  assert.match(String(chosen('~web\\d')), /^~web\\d: there are no regular expressions here/);
});

test('skipped hosts are named, and a misspelt name to skip is an error', () => {
  const skip = (...words: readonly string[]) => {
    const found = select(KNOWN, { limit: ['web,db1'], skip: words });
    return found.ok ? [found.targets.map(({ name }) => name), found.skipped] : found.says;
  };
  assert.deepEqual(skip('web1', 'db'), [['web2'], ['web1', 'db1']]);
  assert.deepEqual(skip('Mail'), [['web1', 'web2', 'db1'], []]);
  assert.equal(skip('bd1'), 'bd1 matches no host, group or label');
  assert.equal(skip('all'), 'every host that was chosen is skipped');
});

test('a name that is a host and a group of other hosts has to be made clear', () => {
  const known = [
    targetNamed('edge', { groups: ['edge'] }),
    targetNamed('a', { groups: ['edge'] }),
    targetNamed('bastion', { groups: ['bastion'] }),
  ];
  const one = (word: string) => {
    const found = select(known, { limit: [word], skip: [] });
    return found.ok ? found.targets.map(({ name }) => name) : found.says;
  };
  assert.equal(one('edge'), 'edge is a host and a group of other hosts: write name=edge or group=edge');
  assert.deepEqual([one('name=edge'), one('group=edge'), one('bastion')], [['edge'], ['edge', 'a'], ['bastion']]);
});

const name = fc.stringMatching(/^[abc]{1,3}$/);
const anyTarget = fc
  .record({ name, groups: fc.array(fc.constantFrom('g', 'h')), labels: fc.dictionary(fc.constantFrom('l', 'm'), name) })
  .map(({ name: one, ...more }) => targetNamed(one, more));
const anyHosts = fc.uniqueArray(anyTarget, { selector: (target) => target.name, minLength: 1, maxLength: 12 });
const anyWord = fc.tuple(
  fc.constantFrom('', '&', '!'),
  fc.oneof(name, fc.constantFrom('all', 'g', 'h', 'l=a', 'l=*', 'a*', '?', '*b*', 'm=a?')),
);

test('whatever the pattern, what is chosen is known, in the order given, each once, and skipped or not, never both', () => {
  fc.assert(
    fc.property(
      anyHosts,
      fc.array(fc.array(anyWord, { minLength: 1 })),
      fc.array(fc.array(anyWord, { minLength: 1 })),
      (known, limits, skips) => {
        const text = (words: readonly (readonly [string, string])[]) => words.map((word) => word.join('')).join(',');
        const found = select(known, { limit: limits.map(text), skip: skips.map(text) });
        if (!found.ok) return;
        const names = found.targets.map((target) => target.name);
        assert.deepEqual(
          found.targets,
          known.filter((target) => names.includes(target.name)),
        );
        assert.ok(names.length > 0);
        assert.equal(new Set([...names, ...found.skipped]).size, names.length + found.skipped.length);
        const without = select(known, { limit: limits.map(text), skip: [] });
        assert.deepEqual(without.ok && without.targets.length, names.length + found.skipped.length);
      },
    ),
    { numRuns: 2000 },
  );
});

test('a wildcard matches what its regular expression would', () => {
  const unit = fc.constantFrom('a', 'b', '.', '+', '*', '?', '[', '\\', 'é');
  const plain = fc.constantFrom('a', 'b', '.', '+', '[', '\\', 'é');
  fc.assert(
    fc.property(fc.string({ unit, minLength: 1 }), fc.string({ unit: plain }), (pattern, text) => {
      const regex = new RegExp(
        `^${pattern
          .replace(/[.+[\\]/g, '\\$&')
          .replaceAll('*', '.*')
          .replaceAll('?', '.')}$`,
        'su',
      );
      const found = select([targetNamed('x', { labels: { l: text } })], { limit: [`l=${pattern}`], skip: [] });
      assert.equal(found.ok, regex.test(text), `${pattern} on ${text}`);
    }),
    { numRuns: 2000 },
  );
});

test('stars upon stars cost what the text is long, and no more', async () => {
  const asked = (length: number) =>
    select([targetNamed('x', { labels: { l: 'a'.repeat(length) } })], { limit: [`l=${'*a'.repeat(30)}*b`], skip: [] });
  const floor = await processorTime(() => asked(500));
  await assertNoSquare('thirty stars', floor, (share) => assert.equal(asked(5000 * share).ok, false));
});
