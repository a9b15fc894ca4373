import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brief, broken, problemsIn, STORM } from './storm.ts';

test('the runbook that these tests break has no problem', async () => {
  assert.deepEqual(await problemsIn(STORM), []);
});

/** [title, what is replaced, by what with ⟦the place⟧, the code with (the suggestion)]: one mistake, one problem. */
const MISTAKES: readonly (readonly [string, string, string, string])[] = [
  // keys
  ['a key of the file', 'title: a storm', '⟦tilte⟧: a storm', 'unknown-key (title)'],
  ['a phase', 'diagnose:\n', '⟦diagnos⟧:\n', 'unknown-key (diagnose)'],
  ['a key nobody knows', 'title: a storm', 'title: a storm\n⟦colour⟧: red', 'unknown-key'],
  ['a key of a parameter', '{type: path, default', '{⟦tpye⟧: path, default', 'unknown-key (type)'],
  ['a limit', 'limits: {kill: 2000', 'limits: {⟦kil⟧: 2000', 'unknown-key (kill)'],
  ['a key of a step', '    why: it adds more', '    ⟦whi⟧: it adds more', 'unknown-key (why)'],
  ['the id of a step', '  - id: mailers', '  - ⟦idd⟧: mailers', 'unknown-key (id)'],
  ['the verb of a probe', '    disk: {', '    ⟦dsik⟧: {', 'unknown-key (disk)'],
  ['the verb of an action', '    kill: {', '    ⟦kll⟧: {', 'unknown-key (kill)'],
  ['a verb nobody knows', '    disk: {path: $spool}', '    ⟦frobnicate⟧: {path: $spool}', 'unknown-key'],
  ['a key of a probe', 'started_by: $names', '⟦startd_by⟧: $names', 'unknown-key (started_by)'],
  ['a required key of a probe', 'disk: {path', 'disk: {⟦pth⟧', 'unknown-key (path)'],
  ['a required key that is far off', 'disk: {path', 'disk: {⟦whereabouts⟧', 'unknown-key'],
  ['a key of an action', 'restore_within: $lease', '⟦restore_in⟧: $lease', 'unknown-key'],
  ['one of two keys', 'service: {name: postfix}', 'service: {⟦nmae⟧: postfix}', 'unknown-key (name)'],
  ['a key inside a choice', "name: {matches: '^", "name: {⟦match⟧: '^", 'unknown-key (matches)'],
  ['a key of retry', 'retry: {times: 2', 'retry: {⟦time⟧: 2', 'unknown-key (times)'],
  ['a key of watch', 'proof: {cron_minutes', 'proof: {⟦cron_minute⟧', 'unknown-key (cron_minutes)'],
  ['a key of open', '  - say: The', '  - ⟦sya⟧: The', 'unknown-key (say)'],
  ['a key of hold', '- {of: $mailers, count', '- {⟦off⟧: $mailers, count', 'unknown-key (of)'],
  ['a measure of expect', 'expect: {inodes_free:', 'expect: {⟦inode_free⟧:', 'unknown-measure (inodes_free)'],
  ['a measure of hold', '$mail, growth: {', '$mail, ⟦grwth⟧: {', 'unknown-measure (growth)'],
  ['a measure of when', 'when: {mailers: {count:', 'when: {mailers: {⟦cuont⟧:', 'unknown-measure (count)'],
  ['a step of when', 'when: {mailers: {count:', 'when: {⟦mialers⟧: {count:', 'unknown-reference (mailers)'],
  ['a step of open', 'when: {post: {state:', 'when: {⟦pots⟧: {state:', 'unknown-reference (post)'],
  ['a comparator', 'count: {at_least: $least}', 'count: {⟦at_leats⟧: $least}', 'unknown-comparator (at_least)'],
  ['a combination', '      any_of:\n', '      ⟦anyof⟧:\n', 'unknown-measure (any_of)'],
  ['a key that stands twice', 'title: a storm', 'title: a storm\n⟦title⟧: again', 'duplicate-key'],
  ['a missing key', 'files: {in: $spool, type', '⟦files⟧: {type', 'missing-key'],
  ['a missing title', '⟦⟧title: a storm\n'.slice(2), '', 'missing-key'],
  ['a missing choice', 'service: {name: postfix}', '⟦service⟧: {}', 'exactly-one'],
  ['both of a choice', 'service: {name: postfix}', '⟦service⟧: {name: postfix, first_of: [a]}', 'exactly-one'],
  // words and values
  ['a word of a verb', 'signal: TERM', 'signal: ⟦TREM⟧', 'unknown-word (TERM)'],
  ['a word in a list', 'type: file, name', 'type: [file, ⟦dir⟧], name', 'unknown-word'],
  ['a word of on_fail', 'on_fail: ask', 'on_fail: ⟦aks⟧', 'unknown-word (ask)'],
  ['a type of a parameter', 'watch: {type: duration', 'watch: {type: ⟦duraton⟧', 'unknown-word (duration)'],
  ['a duration without a unit', 'kill_after: 5s', 'kill_after: ⟦15⟧', 'bad-duration'],
  ['a duration with a wrong unit', 'kill_after: 5s', 'kill_after: ⟦5 secs⟧', 'bad-duration (5s)'],
  ['a timeout without a unit', 'timeout: 1h', 'timeout: ⟦60⟧', 'bad-duration'],
  ['a size of a measure', 'bytes: {at_least: 2GiB}', 'bytes: {at_least: ⟦2Gig⟧}', 'bad-size'],
  ['a number too small', 'batch: 1000', 'batch: ⟦0⟧', 'out-of-range'],
  ['a number in quotes', 'batch: 1000', "batch: ⟦'1000'⟧", 'wrong-type (1000)'],
  ['a relative path', 'in: $spool', 'in: ⟦var/spool⟧', 'bad-path'],
  ['a broken pattern', "'^[0-9A-Z]+$'", "⟦'^[0-9A-Z+$'⟧", 'bad-pattern'],
  ['a list where a map is wanted', 'disk: {path: $spool}', 'disk: ⟦[/var]⟧', 'wrong-type'],
  ['a map where a choice takes none', 'type: file, name', 'type: ⟦{a: b}⟧, name', 'wrong-type'],
  ['an empty list', 'name: [sendmail, postdrop]', 'name: ⟦[]⟧', 'missing-value'],
  ['no value', 'path: $spool}', '⟦path⟧: }', 'missing-value'],
  ['an ordered comparison of a text', 'state: stopped,', 'state: {at_least: ⟦stopped⟧},', 'wrong-comparator'],
  ['a part of a whole without its sign', 'inodes_free: {at_most: 5%}', 'used: {at_most: ⟦20⟧}', 'bad-percent'],
  ['a rate without a unit', 'count: {at_least: 1}}}', 'per_minute: {at_least: ⟦10⟧}}}', 'bad-rate'],
  ['a symbol for a comparator', 'count: {at_least: 1}}}', "count: ⟦'>= 20'⟧}}", 'bad-comparator ({at_least: 20})'],
  ['between one', 'between: [1000, 90000]', 'between: ⟦[1000]⟧', 'bad-value'],
  ['another language', 'firebreak: 1', 'firebreak: ⟦2⟧', 'unknown-word'],
  // YAML 1.2
  ['no for false', 'ask: false', 'ask: ⟦no⟧', 'wrong-type (false)'],
  ['on for true', 'decisive: false', 'decisive: ⟦on⟧', 'wrong-type (true)'],
  ['no for a boolean measure', 'enabled: {is: false}', 'enabled: {is: ⟦no⟧}', 'wrong-type (false)'],
  ['a version that is a number', 'version: 1.0.0', 'version: ⟦1.10⟧', "wrong-type ('1.10')"],
  ['a name that is a number', 'name: postfix', 'name: ⟦389⟧', "wrong-type ('389')"],
  ['a name that is a boolean', 'name: postfix', 'name: ⟦true⟧', "wrong-type ('true')"],
  ['a leading zero', 'batch: 1000', 'batch: ⟦0755⟧', 'leading-zero'],
  ['a number beyond all measure', 'batch: 1000', 'batch: ⟦1e999⟧', 'number-too-large'],
  ['an unknown tag', 'name: postfix', 'name: ⟦!secret⟧ postfix', 'unknown-tag'],
  ['an alias without an anchor', 'name: postfix', 'name: ⟦*nothing⟧', 'unknown-alias'],
  ['a merge key', 'batch: 1000', '⟦<<⟧: {batch: 1000}', 'unknown-key'],
  // references
  ['a parameter that does not exist', 'every: 15s', 'every: ⟦$wach⟧', 'unknown-reference ($watch)'],
  ['a step that does not exist', 'targets: $mailers', 'targets: ⟦$mialers⟧', 'unknown-reference ($mailers)'],
  ['a parameter where a step is wanted', 'targets: $mailers', 'targets: ⟦$spool⟧', 'reference-of-wrong-kind'],
  ['a step of another probe', 'targets: $mailers', 'targets: ⟦$mail⟧', 'reference-of-wrong-kind'],
  ['a step where a value is wanted', 'kill_after: 5s', 'kill_after: ⟦$mail⟧', 'reference-of-wrong-kind'],
  ['a parameter of another type', 'kill_after: 5s', 'kill_after: ⟦$least⟧', 'reference-of-wrong-kind'],
  ['a text where a step is wanted', 'targets: $mailers', 'targets: ⟦mailers⟧', 'wrong-type'],
  [
    'a step that comes later',
    'enabled: {is: false}}',
    'enabled: {is: false}}\n    when: {⟦mail⟧: {count: 1}}',
    'reference-to-later-step',
  ],
  ['a reference where none is possible', 'timeout: 1h', 'timeout: ⟦$lease⟧', 'reference-not-allowed'],
  ['a reference to a parameter that was renamed', 'lease: {type', 'leas: {type', 'unknown-reference ($leas)'],
  ['a reference inside a text', 'name: postfix', 'name: ⟦postfix-$lease⟧', 'reference-in-text'],
  ['a reference with capitals', 'name: postfix', 'name: ⟦$Postfix⟧', 'bad-reference'],
  ['a reference in braces where a path is wanted', 'path: $spool}', "path: ⟦'${spool}'⟧}", 'bad-reference'],
  ['when of an action', 'ask: false', 'ask: false\n    when: {⟦empty⟧: {count: 1}}', 'reference-of-wrong-kind'],
  // parameters
  ['a default of another type', 'default: 4,', 'default: ⟦four⟧,', 'wrong-type'],
  ['a default out of range', 'default: 4,', 'default: ⟦400⟧,', 'out-of-range'],
  ['a default without a unit', 'default: 15m}', 'default: ⟦15⟧}', 'bad-duration'],
  ['a default with a way up', '/var/spool/maildrop', '⟦/var/spool/../maildrop⟧', 'bad-path'],
  ['a bound that its type has not', '{type: list,', '{type: list, ⟦min⟧: 1,', 'misplaced-key'],
  ['a parameter that nobody uses', '  watch: {type', '  ⟦spare⟧: {type: string}\n  watch: {type', 'unused-parameter'],
  ['a parameter with a bad name', '  watch: {type', '  ⟦Spare⟧: {type: string}\n  watch: {type', 'bad-name'],
  // rules
  ['a kill in diagnose', '    disk: {path: $spool}', '    ⟦kill⟧: {targets: $mailers}', 'wrong-phase'],
  ['two steps of one name', '  - id: start-cron\n', '  - id: ⟦empty⟧\n', 'duplicate-id'],
  ['a step named as a parameter', '  - id: inodes', '  - id: ⟦spool⟧', 'duplicate-id'],
  ['an act step without why', '  - id: empty\n    why: these hold the inodes\n', '  - ⟦id: empty⟧\n', 'missing-why'],
  ['two verbs', '    service: {name: postfix}', '    service: {name: postfix}\n    ⟦disk⟧: {path: /}', 'several-verbs'],
  ['expect on an action', 'ask: false', 'ask: false\n    ⟦expect⟧: {count: 1}', 'misplaced-key'],
  ['decisive in act', 'ask: false', 'ask: false\n    ⟦decisive⟧: true', 'misplaced-key'],
  ['on_fail in diagnose', '    expect: {inodes_free', '    ⟦on_fail⟧: stop\n    expect: {inodes_free', 'misplaced-key'],
  ['hold on a probe', 'retry: {times', '⟦hold⟧: [{of: $inodes, inodes_free: 3}]\n    retry: {times', 'misplaced-key'],
  ['a batch over the limit', 'batch: 1000', 'batch: ⟦6000⟧', 'limit-below-batch'],
  ['a lease over the limit', 'restore_within: $lease', 'x-was: $lease, restore_within: ⟦45m⟧', 'lease-over-limit'],
  [
    'no proof after cron was stopped',
    'every: 15s, proof: {cron_minutes: 2, service: {first_of: $names}}}',
    'every: 15s}',
    'verify-without-proof',
  ],
];

for (const [title, from, to, expected] of MISTAKES) {
  test(`one mistake is one problem: ${title}`, async () => {
    const { text, place } = broken(from, to);
    const problems = (await problemsIn(text)).map(brief);
    assert.equal(problems.length, 1, problems.join('\n'));
    if (to.includes('⟦')) assert.equal(problems[0], `${place} ${expected}`);
    else assert.match(problems[0] ?? '', new RegExp(`${expected.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`));
  });
}
