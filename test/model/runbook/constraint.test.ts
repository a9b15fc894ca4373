import assert from 'node:assert/strict';
import { test } from 'node:test';
import { misfit } from '../../../src/model/runbook/constraint.ts';

test('each comparator lets pass what fits and says what does not', () => {
  assert.equal(misfit('10m', { at_most: '15m' }), null);
  assert.equal(misfit('1h', { at_most: '15m' }), '1h is over 15m');
  assert.equal(misfit('900s', { at_most: '15m', at_least: '15m' }), null);
  assert.equal(misfit(3, { at_least: 4 }), '3 is under 4');
  assert.equal(misfit('5%', { between: ['1%', '4%'] }), '5% is not between 1% and 4%');
  assert.equal(misfit('TERM', { is: 'TERM' }), null);
  assert.equal(misfit('60m', { is: '1h' }), null);
  assert.equal(misfit('TERM', { is: 'KILL' }), 'TERM is not KILL');
  assert.equal(misfit('KILL', { is_not: 'KILL' }), 'KILL is KILL');
  assert.equal(misfit('60m', { is_not: '1h' }), '60m is 1h');
  assert.equal(misfit('KILL', { one_of: ['TERM', 'HUP'] }), 'KILL is none of TERM, HUP');
  assert.equal(misfit('2GiB', { at_most: 1000 }), '2GiB is over 1000');
});

test('a pattern must match the whole value', () => {
  assert.equal(misfit('/var/spool/postfix', { matches: '/var/spool/\\w+' }), null);
  assert.equal(
    misfit('/x/var/spool/postfix', { matches: '/var/spool/\\w+' }),
    '/x/var/spool/postfix does not match /var/spool/\\w+',
  );
  assert.equal(misfit('/a|/etc', { matches: '/a|/b' }), '/a|/etc does not match /a|/b');
});

test('what cannot be compared does not fit', () => {
  assert.equal(misfit(undefined, { is: 1 }), 'is not a parameter of the runbook');
  assert.equal(misfit('5%', { at_most: '15m' }), '5% is over 15m');
  assert.equal(misfit('soon', { at_most: '15m' }), 'soon is over 15m');
  assert.equal(misfit('soon', { at_least: '15m' }), 'soon is under 15m');
  assert.equal(misfit(true, { matches: 'true' }), 'true does not match true');
  assert.equal(misfit(null, { is_not: 'x' }), 'null is x');
});

test('every item of a list must fit, and an empty list does not fit', () => {
  assert.equal(misfit(['a', 'b'], { one_of: ['a', 'b', 'c'] }), null);
  assert.equal(misfit(['a', 'x'], { one_of: ['a', 'b', 'c'] }), 'x is none of a, b, c');
  assert.equal(misfit([], { one_of: ['a'] }), 'is an empty list');
});
