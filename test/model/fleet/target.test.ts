import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nameFault, parseDestination, targetNamed } from '../../../src/model/fleet/target.ts';

const says = (text: string): string => {
  const read = parseDestination(text);
  return read.ok ? 'ok' : read.says;
};

test('a destination is read as ssh reads it', () => {
  const forms: Readonly<Record<string, Parameters<typeof targetNamed>>> = {
    web1: ['web1'],
    'web1.example.com': ['web1.example.com'],
    'deploy@web1': ['web1', { user: 'deploy' }],
    'deploy@web1:2222': ['web1', { user: 'deploy', port: 2222 }],
    'web1:65535': ['web1', { port: 65_535 }],
    'ssh://deploy@web1:2222': ['web1', { user: 'deploy', port: 2222 }],
    'ssh://web1/': ['web1'],
    '192.0.2.11': ['192.0.2.11'],
    '::1': ['::1'],
    '2001:db8::1': ['2001:db8::1'],
    '[::1]': ['::1'],
    '[::1]:22': ['::1', { port: 22 }],
    'root@[fe80::1%eth0]:22': ['fe80::1%eth0', { user: 'root', port: 22 }],
    'ada@example.com@web1': ['web1', { user: 'ada@example.com' }],
    'EXAMPLE\\ada@web1': ['web1', { user: 'EXAMPLE\\ada' }],
  };
  for (const [text, target] of Object.entries(forms)) {
    assert.deepEqual(parseDestination(text), { ok: true, target: targetNamed(...target) }, text);
  }
});

test('what ssh or a shell could take for something else is refused, with the reason', () => {
  const refused: Readonly<Record<string, string>> = {
    '': 'it is empty',
    '-oProxyCommand=reboot': 'it begins with `-`: ssh would take it for an option',
    'root@-oProxyCommand=reboot': 'it begins with `-`: ssh would take it for an option',
    '-l@web1': 'it begins with `-`: ssh would take it for an option',
    'ssh://-oProxyCommand=reboot': 'it begins with `-`: ssh would take it for an option',
    'web1\nweb2': 'it holds a character that cannot be seen',
    'web1\0': 'it holds a character that cannot be seen',
    'web\u202e1': 'it holds a character that cannot be seen',
    'web1 web2': 'it holds a space',
    'web1,web2': 'it holds a comma: several hosts are `--hosts a,b,c`',
    all: '`all` means every host',
    'ada:secret@web1': 'no password belongs into it: ssh uses keys',
    'web1:': 'nothing is no port: it is a number from 1 to 65535',
    'web1:0': '0 is no port: it is a number from 1 to 65535',
    'web1:65536': '65536 is no port: it is a number from 1 to 65535',
    '[web1]:22': 'what stands in brackets is no IPv6 address',
    '@web1': '`` is no login name',
  };
  for (const [text, reason] of Object.entries(refused)) assert.equal(says(text), reason, JSON.stringify(text));
  const shape = 'a host is a name or an address: letters, digits, `.`, `-`, `_`, or an IPv6 address in brackets';
  for (const text of [
    '$(reboot)',
    'a;b',
    '`a`',
    'a|b',
    '../etc',
    'a/b',
    '~root',
    '.hidden',
    'web*',
    'a=b',
    '!web1',
    'a%b',
    "a'b",
    'a\\b',
    'bücher',
    'a+b',
  ])
    assert.equal(says(text), shape, text);
});

test('an accepted name is never an option, a path or a pattern, and needs no quotes', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.webAuthority({ withUserInfo: true, withPort: true })),
      (text) => {
        const read = parseDestination(text);
        if (!read.ok) return;
        assert.match(read.target.name, /^[A-Za-z0-9_.:%-]+$/);
        assert.doesNotMatch(read.target.name, /^[-.]/);
        assert.equal(nameFault(read.target.name), null);
        assert.doesNotMatch(read.target.user ?? 'a', /^-|[\s:;&|`'"$()<>{}]/);
      },
    ),
    { numRuns: 2000 },
  );
});
