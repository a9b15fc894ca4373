import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { main } from '../../src/cli.ts';
import { allMeanings, meaningOf } from '../../src/load/runbook/meanings.ts';
import { COMPARATORS } from '../../src/model/condition.ts';
import { temporaryFolder } from '../support/folder.ts';
import { testIo } from '../support/test-io.ts';

/** Mistakes of people who know other tools. Each is one error at its place, with the words to type. */
const GOOD = `firebreak: 1
runbook: web-down
version: 1.0.0
title: the web server is down and its spool is full
params:
  folder: {type: path, default: /srv/spool, about: where the files lie}
limits: {kill: 10, delete: 1000}
diagnose:
  - id: web
    service: {name: nginx}
    expect: {state: {is: stopped}}
  - id: old
    files: {in: $folder, type: file, older_than: 1d}
    expect: {count: {at_least: 10}}
act:
  - id: clean
    why: the files fill the disk
    delete: {targets: $old}
  - id: start-web
    why: it must answer again
    start: {service: {name: nginx}}
verify:
  - id: again
    service: {name: nginx}
    expect: {state: {is: running}}
`;

const MISTAKES: readonly (readonly [title: string, from: string, to: string, told: string])[] = [
  [
    '`http` for a verb',
    `    service: {name: nginx}
    expect: {state: {is: stopped}}`,
    `    http: {url: 'http://127.0.0.1/'}
    expect: {status: {is: 200}}`,
    `10:5 unknown-key · \`http\` is not a key here · there is no verb for it: let a command look, for example run: {argv: [curl, -fsS, -m, "5", "http://127.0.0.1/"], effect: read}`,
  ],
  [
    '`systemctl` for a verb',
    `    start: {service: {name: nginx}}`,
    `    systemctl: {start: nginx}`,
    `21:5 unknown-key · \`systemctl\` is not a key here · to look: service: {name: NAME}; to change, in act: start, stop or restart: {service: {name: NAME}}`,
  ],
  [
    '`rm` for a verb',
    `    delete: {targets: $old}`,
    `    rm: {path: $folder}`,
    `18:5 unknown-key · \`rm\` is not a key here · did you mean delete? · a step of \`files\` chooses them, then delete: {targets: $THAT_STEP}`,
  ],
  [
    '`shell` for a verb',
    `    start: {service: {name: nginx}}`,
    `    shell: systemctl start nginx`,
    `21:5 unknown-key · \`shell\` is not a key here · did you mean run? · run: {argv: [PROGRAM, ARGUMENT], effect: read}, or effect: write in act; run: {shell: "...", effect: ...} for a pipe`,
  ],
  [
    '`command` for a verb',
    `    start: {service: {name: nginx}}`,
    `    command: systemctl start nginx`,
    `21:5 unknown-key · \`command\` is not a key here · did you mean run? · run: {argv: [PROGRAM, ARGUMENT], effect: read}, or effect: write in act; run: {shell: "...", effect: ...} for a pipe`,
  ],
  [
    'a command line for the argument of run',
    `    start: {service: {name: nginx}}`,
    `    run: systemctl start nginx`,
    `21:10 wrong-type · \`run\` takes a map, not a text · for example run: {argv: [postqueue, -f], effect: write}`,
  ],
  [
    '`pgrep` for a verb',
    `    service: {name: nginx}
    expect: {state: {is: stopped}}`,
    `    pgrep: {name: nginx}
    expect: {count: {is: 0}}`,
    `10:5 unknown-key · \`pgrep\` is not a key here · did you mean processes?`,
  ],
  [
    '`df` for a verb',
    `    service: {name: nginx}
    expect: {state: {is: stopped}}`,
    `    df: {path: /}
    expect: {used: {at_least: 90%}}`,
    `10:5 unknown-key · \`df\` is not a key here · did you mean disk?`,
  ],
  [
    '`process` for a verb',
    `    service: {name: nginx}
    expect: {state: {is: stopped}}`,
    `    process: {name: nginx}
    expect: {count: {at_least: 1}}`,
    `10:5 unknown-key · \`process\` is not a key here · did you mean processes?`,
  ],
  [
    '`tail` for a verb',
    `    service: {name: nginx}
    expect: {state: {is: stopped}}`,
    `    tail: {file: /var/log/syslog}
    expect: {matches: {at_least: 1}}`,
    `10:5 unknown-key · \`tail\` is not a key here · did you mean text? · text: {file: /path, contains: WORDS} reads lines of a file; for a journal let a command look: run: {argv: [...], effect: read}`,
  ],
  [
    '`pkill` for a verb',
    `    delete: {targets: $old}`,
    `    pkill: {name: nginx}`,
    `18:5 unknown-key · \`pkill\` is not a key here · did you mean kill? · a step of \`processes\` chooses them, then kill: {targets: $THAT_STEP}`,
  ],
  [
    '`reload` for a verb',
    `    start: {service: {name: nginx}}`,
    `    reload: {service: {name: nginx}}`,
    `21:5 unknown-key · \`reload\` is not a key here · there is no verb for it: run: {argv: [systemctl, reload, NAME], effect: write}, the daemon's own command`,
  ],
  [
    'a reload by `kill`',
    `    delete: {targets: $old}`,
    `    kill: {processes: {name: nginx}, signal: HUP}`,
    `18:46 unknown-word · \`HUP\` is not a word that \`signal\` knows · most daemons read their configuration again and stay: \`run\` the daemon’s own command, for example {argv: [systemctl, reload, NAME], effect: write}`,
  ],
  [
    'two verbs in a step',
    `    start: {service: {name: nginx}}`,
    `    start: {service: {name: nginx}}
    stop: {service: cron}`,
    `22:5 several-verbs · a step has one verb; \`start\` stands here already · write two steps`,
  ],
  [
    'a bare name for the argument of a verb',
    `    start: {service: {name: nginx}}`,
    `    start: nginx`,
    `21:12 wrong-type · \`start\` takes a map, not a text · for example start: {service: {first_of: [crond, cron]}}`,
  ],
  [
    'a bare word for what is expected',
    `expect: {state: {is: stopped}}`,
    `expect: stopped`,
    `11:13 wrong-type · \`expect\` takes a map, not a text · for example expect: {count: {at_least: 1}}`,
  ],
  [
    '`10+`',
    `expect: {count: {at_least: 10}}`,
    `expect: {count: 10+}`,
    `14:21 bad-number · \`10+\` is not a number; write it like 1000 or 5%`,
  ],
  [
    'a comparison sign in quotes',
    `expect: {count: {at_least: 10}}`,
    `expect: {count: '>= 10'}`,
    `14:21 bad-comparator · \`>= 10\` is no value; comparators are words · did you mean {at_least: 10}?`,
  ],
  [
    'a comparison sign without quotes',
    `expect: {count: {at_least: 10}}`,
    `expect: {count: > 10}`,
    `14:21 yaml-syntax · plain value cannot start with block scalar indicator > · comparators are words, {at_least: 10} or {at_most: 10}; a text that starts with > needs quotes`,
  ],
  [
    'a comparison sign as a key',
    `expect: {count: {at_least: 10}}`,
    `expect: {count: {'>=': 10}}`,
    `14:22 unknown-comparator · \`>=\` is not a comparator · did you mean at_least?`,
  ],
  [
    '`gte`',
    `expect: {count: {at_least: 10}}`,
    `expect: {count: {gte: 10}}`,
    `14:22 unknown-comparator · \`gte\` is not a comparator · did you mean at_least?`,
  ],
  [
    '`equals`',
    `{state: {is: stopped}}`,
    `{state: {equals: stopped}}`,
    `11:22 unknown-comparator · \`equals\` is not a comparator · did you mean is?`,
  ],
  [
    'a reference in double braces',
    `in: $folder`,
    `in: '{{ folder }}'`,
    `13:17 bad-reference · \`{{ folder }}\` is no reference · did you mean $folder?`,
  ],
  [
    'a reference in braces',
    `in: $folder`,
    `in: \${folder}`,
    `13:18 yaml-syntax · unexpected flow-map-start at node end · a reference is $name, without braces`,
  ],
  [
    'a reference inside a text',
    `in: $folder`,
    `in: $folder/old`,
    `13:17 reference-in-text · \`$folder\` stands inside a text, where it is not replaced · a reference is the whole value: make the whole text a parameter, or write $$folder where the text itself is meant`,
  ],
  [
    'a misspelt reference',
    `targets: $old`,
    `targets: $olds`,
    `18:23 unknown-reference · no parameter and no earlier step is named \`olds\` · did you mean $old?`,
  ],
  [
    'a reference without its $',
    `targets: $old`,
    `targets: old`,
    `18:23 wrong-type · \`targets\` takes a reference to a step (\`$id\`), not a text`,
  ],
  [
    '`name` for `id`',
    `  - id: clean
`,
    `  - name: clean
`,
    `16:5 unknown-key · \`name\` is not a key here · did you mean id?`,
  ],
  [
    '`steps` for a phase',
    `
act:
`,
    `
steps:
`,
    `15:1 unknown-key · \`steps\` is not a key here · did you mean act?`,
  ],
  [
    'an act without why',
    `    why: it must answer again
`,
    ``,
    `19:5 missing-why · an act step says why · add \`why: ...\`: it is the sentence on the screen and in the report`,
  ],
  [
    '`1 day`',
    `older_than: 1d`,
    `older_than: 1 day`,
    `13:50 bad-duration · \`1 day\` is not a duration; write it like 30s, 15m, 1h30m · did you mean 1d?`,
  ],
  [
    'a duration without a unit',
    `older_than: 1d`,
    `older_than: 86400`,
    `13:50 bad-duration · 86400 has no unit; write 86400s or 86400m`,
  ],
  [
    'a tab',
    `    why: the files`,
    `	why: the files`,
    `17:1 yaml-syntax · tabs are not allowed as indentation · indent with spaces`,
  ],
  [
    'a key twice',
    `title: the web`,
    `title: a
title: the web`,
    `5:1 duplicate-key · \`title\` stands here twice`,
  ],
  [
    '`no` in quotes',
    `    why: it must answer again
`,
    `    why: it must answer again
    ask: 'no'
`,
    `21:10 wrong-type · \`ask\` takes true or false, not a text · did you mean false? · in YAML 1.2 \`no\` is a text; the words are true and false`,
  ],
  [
    'a relative path',
    `default: /srv/spool`,
    `default: srv/spool`,
    `6:33 bad-path · bad default: \`srv/spool\` is not an absolute path · for example /var/spool`,
  ],
  [
    'a list of parameters',
    `params:
  folder: {type: path, default: /srv/spool, about: where the files lie}`,
    `params:
  - folder`,
    `6:3 wrong-type · \`params\` takes a map, not a list`,
  ],
  [
    'a misspelt type',
    `{type: path, default: /srv/spool`,
    `{type: pathh, default: /srv/spool`,
    `6:18 unknown-word · \`pathh\` is not a word that \`type\` knows · did you mean path?`,
  ],
  [
    '`if`',
    `    start: {service: {name: nginx}}`,
    `    start: {service: {name: nginx}}
    if: {web: {state: {is: stopped}}}`,
    `22:5 unknown-key · \`if\` is not a key here · did you mean when? · when: {STEP: {MEASURE: {is: ...}}}, of an earlier step`,
  ],
  [
    'an expression',
    `    start: {service: {name: nginx}}`,
    `    start: {service: {name: nginx}}
    when: web.state == stopped`,
    `22:11 wrong-type · \`when\` takes a map, not a text · for example when: {STEP: {count: {at_least: 1}}}`,
  ],
  [
    '`on_error`',
    `    start: {service: {name: nginx}}`,
    `    start: {service: {name: nginx}}
    on_error: stop`,
    `22:5 unknown-key · \`on_error\` is not a key here · did you mean on_fail?`,
  ],
  [
    '`retries`',
    `    expect: {state: {is: running}}`,
    `    expect: {state: {is: running}}
    retries: 3`,
    `26:5 unknown-key · \`retries\` is not a key here · did you mean retry? · retry: {times: 3, every: 5s}`,
  ],
  [
    'a version that is a number',
    `version: 1.0.0`,
    `version: 1.0`,
    `3:10 wrong-type · \`version\` takes a text, not a whole number · did you mean '1.0'? · YAML reads 1.0 as a whole number; quotes make it a text`,
  ],
  [
    'no version',
    `version: 1.0.0
`,
    ``,
    `1:1 missing-key · \`version\` is missing · add \`version: 1.0.0\``,
  ],
  [
    'no version of the language',
    `firebreak: 1
`,
    ``,
    `1:1 missing-key · \`firebreak\` is missing · add \`firebreak: 1\``,
  ],
  [
    'an id with blanks',
    `id: start-web`,
    `id: Start Web`,
    `19:9 bad-value · \`Start Web\` is not what \`id\` takes · for example mailers`,
  ],
  [
    'an act in the diagnosis',
    `    service: {name: nginx}
    expect: {state: {is: stopped}}`,
    `    delete: {targets: $old}`,
    `10:5 wrong-phase · \`delete\` changes the host; diagnose only looks: it belongs in act`,
  ],
  [
    'a bare name for a service',
    `    service: {name: nginx}
    expect: {state: {is: stopped}}`,
    `    service: nginx
    expect: {state: {is: stopped}}`,
    `10:14 wrong-type · \`service\` takes a map, not a text · for example service: {name: postfix}`,
  ],
  [
    'a state of another tool',
    `expect: {state: {is: stopped}}`,
    `expect: {state: {is: dead}}`,
    `11:26 unknown-word · \`dead\` is not a word that \`is\` knows · did you mean down?`,
  ],
  [
    '`active`',
    `expect: {state: {is: running}}`,
    `expect: {state: {is: active}}`,
    `25:26 unknown-word · \`active\` is not a word that \`is\` knows · did you mean running?`,
  ],
  [
    'a measure that is none',
    `expect: {count: {at_least: 10}}`,
    `expect: {size: {at_least: 10}}`,
    `14:14 unknown-measure · \`size\` is not a measure of this step`,
  ],
  [
    '`sleep` for a verb',
    `    start: {service: {name: nginx}}`,
    `    sleep: 10s`,
    `21:5 unknown-key · \`sleep\` is not a key here · did you mean wait?`,
  ],
  [
    '`become`',
    `    start: {service: {name: nginx}}`,
    `    start: {service: {name: nginx}}
    become: true`,
    `22:5 unknown-key · \`become\` is not a key here · a runbook runs as whoever starts it: start firebreak as root, or with --become on hosts over ssh`,
  ],
  [
    'a state that is wanted of a service',
    `    start: {service: {name: nginx}}`,
    `    service: {name: nginx, state: restarted}`,
    `21:28 unknown-key · \`state\` is not a key here`,
  ],
];

interface Told {
  readonly code: string;
  readonly message: string;
  readonly suggestion?: string;
  readonly hint?: string;
  readonly place: { readonly line: number; readonly column: number };
}

async function problemsIn(folder: string, text: string): Promise<readonly Told[]> {
  const path = join(folder, 'given.yaml');
  writeFileSync(path, text);
  const { io, out } = testIo();
  await main(['check', '--json', path], io);
  return JSON.parse(out())[0].problems;
}

const say = ({ code, message, suggestion, hint, place }: Told): string =>
  [
    `${place.line}:${place.column} ${code}`,
    message,
    ...(suggestion === undefined ? [] : [`did you mean ${suggestion}?`]),
    ...(hint === undefined ? [] : [hint]),
  ].join(' · ');

test('the runbook that these tests break has no mistake', async (t) => {
  assert.deepEqual(await problemsIn(temporaryFolder(t), GOOD), []);
});

for (const [title, from, to, told] of MISTAKES) {
  test(`one mistake of a new user is one error with what to type: ${title}`, async (t) => {
    assert.ok(GOOD.includes(from), from);
    assert.deepEqual(
      (
        await problemsIn(
          temporaryFolder(t),
          GOOD.replace(from, () => to),
        )
      ).map(say),
      [told],
    );
  });
}

/** The place of a key beside this one, and a text with the foreign word at that place. */
function withWord(word: string, beside: string): string {
  const key = JSON.stringify(word);
  if ((COMPARATORS as readonly string[]).includes(beside)) return GOOD.replace('{at_least: 10}', () => `{${key}: 10}`);
  if (['act', 'diagnose', 'verify', 'params', 'about', 'runbook', 'open'].includes(beside)) {
    const head =
      beside === 'runbook' && ['id', 'name'].includes(word)
        ? GOOD.replace('runbook: web-down', () => `${key}: web-down`)
        : null;
    if (head !== null) return head;
    if (['params', 'about', 'open'].includes(beside)) return `${GOOD}${key}: x\n`;
  }
  if (['act', 'diagnose', 'verify'].includes(beside)) return GOOD.replace(`\n${beside}:\n`, () => `\n${key}:\n`);
  if (beside === 'why') return GOOD.replace('    why: it must answer again', () => `    ${key}: it must answer again`);
  if (beside === 'id') return GOOD.replace('  - id: clean', () => `  - ${key}: clean`);
  if (['when', 'on_fail', 'retry', 'expect', 'ask', 'undo', 'timeout'].includes(beside))
    return GOOD.replace('    start: {service: {name: nginx}}', (step) => `${step}\n    ${key}: x`);
  return GOOD.replace('    start: {service: {name: nginx}}', () => `    ${key}: {name: nginx}`);
}

test('every word of other tools that we know is told once, with what says the same here', async (t) => {
  const folder = temporaryFolder(t);
  const wrong: string[] = [];
  for (const { word, beside, meaning } of allMeanings()) {
    if (meaningOf(word, [beside]) !== meaning) continue;
    const problems = await problemsIn(folder, withWord(word, beside));
    const [first, second] = problems;
    if (second || first?.suggestion !== meaning.key || (meaning.hint !== undefined && first?.hint !== meaning.hint))
      wrong.push(`${word} beside ${beside}: ${problems.map(say).join(' | ')}`);
  }
  assert.deepEqual(wrong, []);
});
