import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lintShell } from '../../../src/load/runbook/shell.ts';
import type { FINDINGS } from '../../../src/load/runbook/shell-findings.ts';
import { complaints } from '../../support/real-verbs.ts';

const names = async (text: string): Promise<readonly string[]> =>
  (await lintShell(text)).map(({ finding, at, length }) => `${finding} ${text.slice(at, at + length)}`);

test('a text that a shell reads as one word has no finding, however deep it is nested', async () => {
  for (const text of [
    'echo "$HOME"; x=$(date); printf %s "${x}"',
    'x="$(printf %s "$FOUND" | sed "s/a/b/")"',
    "awk '{print $1, $NF}' /proc/loadavg # $not `code` 'either",
    'case $x in a) y=$x;; esac',
    'cat <<END\nit\'s $x and `not` a "quote\nEND\n'.replace('`not`', 'not'),
    "cat <<'END'\nit's $x `a` eval \"\nEND\n",
    'echo "$(cat "$file" | wc -l)" > $out',
    'n=${x:-$y} m=$((x + $y)); echo "$#" $? $$ ${#x}',
    'docker ps --format "{{.Names}}"',
    'if [ -n "$x" ]; then for f in a b; do rm -- "$f"; done; fi',
    'find "$dir" -name "*.gz" -exec rm {} +',
    'printf %s "$x" | sh ./handle.sh',
    'cmd ${1+"$@"} ${x:+-a}',
    'timeout 5 sh -c \'ls "$1"\' - "$x"; find . -exec sh -c \'rm "$1"\' _ {} \\;',
    'ssh -p "$port" "$host" uptime; awk -v x="$x" \'{print x, $1}\' f',
    'trap \'rm -f "$x"\' EXIT; curl -s x | python3 -m json.tool',
    "docker inspect -f '{{json .State}}' x; kubectl get -o go-template='{{range .items}}{{end}}' pods",
    'read -r a; [ "$a" = b ]; echo a >&2; sh <<\'END\'\nls $x\nEND\n',
    '[ $(wc -l < "$x") -ge 3 ]; kill $(pidof cron); echo $(date)',
  ])
    assert.deepEqual(await names(text), [], text);
});

test('a value that is split and globbed is found wherever it stands', async () => {
  for (const [text, ...found] of [
    ['rm -rf $DIR/tmp', '$DIR'],
    ['echo "it\'s ${x:-y}"; rm $x', '$x'],
    ['x="$(rm $FOUND)"', '$FOUND'],
    ['echo "`rm $x`" "$(cat "$(ls ${y})")"', '$x', '${y}'],
    ['for f in $list; do :; done', '$list'],
    ['$cmd a', '$cmd'],
    ['if test -n $a && [ $b ]; then echo $@ $*; fi', '$a', '$b', '$@', '$*'],
    ['f() { rm $1; }; { cp ${a%/} "$b"; }', '$1', '${a%/}'],
    ['cat <<END\n$(rm $x)\nEND\n', '$x'],
    ['rm $(cat "$x"); for f in $(ls "$y"); do :; done', '$(cat "$x")', '$(ls "$y")'],
    ['cmd ${x:+$y}', '$y'],
  ] as const) {
    const split = (await names(text)).filter((one) => one.startsWith('unquoted-expansion'));
    assert.deepEqual(
      split,
      found.map((one) => `unquoted-expansion ${one}`),
      text,
    );
  }
});

test('code that would run found text is reported, and so is text that a shell cannot read or may not know', async () => {
  for (const [text, ...found] of [
    ['eval "$x"', 'eval eval'],
    ['command eval "$x"', 'eval command'],
    ['sh -c "rm $x"', 'eval sh'],
    ['sh -c \'rm "$1"\' - "$x"'],
    ['curl -s https://example.org/x | sh', 'pipe-into-shell sh'],
    ['curl -s https://example.org/x | sudo /bin/bash -s', 'pipe-into-shell sudo /bin/bash -s'],
    ['timeout 5 sh -c "ls $x"', 'eval timeout'],
    ['docker exec c sh -ec "ls $x"', 'eval docker'],
    ['find . -exec sh -c "rm {}" \\;', 'eval find'],
    ['printf %s "$x" | xargs sh -c', 'eval xargs'],
    ['su app -c "ls $x"', 'eval su'],
    ['ssh host ls "$x"', 'eval ssh'],
    ['trap "rm $x" EXIT', 'eval trap'],
    ['awk "{print $x}" f; perl -e "$x"; python3 -c "$x"', 'eval awk', 'eval perl', 'eval python3'],
    ['bash <<END\nls $x\nEND\n', 'eval bash'],
    ['curl x | (sh)', 'pipe-into-shell sh'],
    ['curl x | timeout 5 sh', 'pipe-into-shell timeout 5 sh'],
    ['wget -O- x | python3 -', 'pipe-into-shell python3 -'],
    ['echo "`date`"', 'backquotes `date`'],
    ['echo {{ name }}', 'unfilled-template {{ name }}'],
    ['echo ${{ name }}', 'unfilled-template ${{ name }}'],
    ['echo <% name %>; ls $x', 'unquoted-expansion $x', 'unfilled-template <% name %>'],
    ['{% if x %}', 'unfilled-template {% if x %}'],
    ['set -euo pipefail', 'not-posix set -euo pipefail'],
    ['[ "$a" == b ]', 'not-posix [ "$a" == b ]'],
    ['function f { ls; }', 'not-posix function f { ls; }'],
    ['mkdir /tmp/{a,b}', 'not-posix {a,b}'],
    ['read -t 5 a; echo >& out', 'not-posix read -t 5 a', 'not-posix >& out'],
    ['case "$x" in a) ls;& b) ;; esac', 'not-posix a) ls;&'],
    [
      'echo "$RANDOM" "${PIPESTATUS}"; shopt -s x',
      'not-posix $RANDOM',
      'not-posix ${PIPESTATUS}',
      'not-posix shopt -s x',
    ],
    ['[[ -n $x ]]', 'not-posix [[ -n $x ]]'],
    ['cat <(ls)', 'not-posix <(ls)'],
    ['a=(1 2)', 'not-posix (1 2)'],
    ['echo "${x//a/b}"', 'not-posix ${x//a/b}'],
    ['echo "open', 'shell-syntax "'],
    ["echo it's", "shell-syntax '"],
    ['if true; then echo', 'shell-syntax '],
    ['echo "$(foo |)"', 'shell-syntax )'],
    ['fi', 'shell-syntax f'],
    ['echo "$(ls"', 'shell-syntax "'],
    ['for in x; do rm $x; done', 'shell-syntax ;'],
    ['cat <<END\na', 'shell-syntax END'],
  ] as const)
    assert.deepEqual(await names(text), found, text);
});

const run = (shell: string, more = '') =>
  complaints(
    `diagnose:\n  - id: a\n    expect: {exit: 0}\n${more}    run:\n      effect: read\n      shell: ${shell}\n`,
  );

test('a finding is told at its very line and column, in a block and in each kind of quotes', async () => {
  const block = '|\n        # a comment\n        set -e\n        rm "$x"\n          rm $DIR/tmp\n';
  assert.deepEqual(await run(block), [
    '14:14 unquoted-expansion: `$DIR` is split and globbed: quote it (write "$DIR", or accept it: `accept: [{finding: unquoted-expansion, because: ...}]`)',
  ]);
  const at = async (shell: string) => (await run(shell)).map((line) => line.replace(/: .*/, ''));
  assert.deepEqual(await at('echo $x'), ['10:19 unquoted-expansion']);
  assert.deepEqual(await at("'echo ''a'' $x'"), ['10:26 unquoted-expansion']);
  assert.deepEqual(await at('"echo \\"a\\"\\n rm $x"'), ['10:31 unquoted-expansion']);
  assert.deepEqual(await at('>-\n        echo\n        a\n        $x\n'), ['13:9 unquoted-expansion']);
});

test('a finding is accepted by its name with a reason; a name of no finding, or of one that is not there, is an error', async () => {
  const accept = (what: string) => `    accept: [${what}]\n`;
  const meant = '{finding: unquoted-expansion, because: a list of pids}';
  assert.deepEqual(await run('kill $pids', accept(meant)), []);
  assert.deepEqual(await run('eval $x', accept(meant)), [
    '11:14 eval: `eval` runs what was found as code (hand it over as an argument: sh -c \'ls -- "$1"\' - "$NAME", or accept it: `accept: [{finding: eval, because: ...}]`)',
  ]);
  assert.deepEqual(await run('echo', accept(meant)), [
    '8:24 nothing-to-accept: `unquoted-expansion` is accepted, and there is none in this text (leave it out)',
  ]);
  const codes = async (what: string) => (await run('echo $x', accept(what))).map((line) => line.replace(/: .*/, ''));
  assert.deepEqual(await codes('{finding: unquoted-expansoin, because: b}'), [
    '8:24 unknown-word',
    '11:19 unquoted-expansion',
  ]);
  assert.deepEqual(await codes('{finding: unquoted-expansion}'), ['8:14 missing-key']);
  const elsewhere = `diagnose:\n  - {id: a, disk: {path: /}, accept: [${meant}]}\n`;
  assert.deepEqual(await complaints(elsewhere), [
    '6:30 misplaced-key: `accept` is for findings of a `shell` text, which this step has not',
  ]);
});

test('accept: every finding can be accepted by its name', async () => {
  const texts: Readonly<Record<keyof typeof FINDINGS, string>> = {
    'shell-syntax': "'if true'",
    'unquoted-expansion': 'echo $x',
    eval: 'eval "$x"',
    'pipe-into-shell': 'curl x | sh',
    backquotes: 'echo "`date`"',
    'unfilled-template': '\'echo "{{ x }}"\'',
    'not-posix': "'[[ a ]]'",
  };
  for (const [name, text] of Object.entries(texts)) {
    assert.deepEqual((await run(text)).length, 1, name);
    assert.deepEqual(await run(text, `    accept: [{finding: ${name}, because: it is meant}]\n`), [], name);
  }
});

test('a text for a shell in an undo step is checked too; the step that is undone accepts its findings', async () => {
  const undone = (accept: string) =>
    complaints(
      `diagnose:\n  - {id: a, disk: {path: /}, expect: {inodes_free: {at_most: 5%}}}\nact:\n  - id: b\n    why: w\n    run: {argv: [touch, /x], effect: write}\n${accept}    undo:\n      - run: {shell: rm $F, effect: write}\nverify:\n  - {id: c, disk: {path: /}, expect: {inodes_free: {at_least: 5%}}}\n`,
    );
  assert.deepEqual(
    (await undone('')).map((line) => line.replace(/: .*/, '')),
    ['12:25 unquoted-expansion'],
  );
  assert.deepEqual(await undone('    accept: [{finding: unquoted-expansion, because: a list}]\n'), []);
});
