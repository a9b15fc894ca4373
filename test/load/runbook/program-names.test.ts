import assert from 'node:assert/strict';
import { test } from 'node:test';
import kill from '../../../src/verbs/processes/kill.action.ts';
import processes from '../../../src/verbs/processes/processes.probe.ts';
import { mailStorm, processHost, processWorld } from '../../support/hosts/fake-processes.ts';
import { complaints, paramComplaints } from '../../support/real-verbs.ts';
import { quickClock } from '../../support/rehearsal.ts';

const LONG = 'averyverylongprogramname';
const SAID =
  "program-name-too-long: `averyverylongprogramname` has 24 bytes; the kernel keeps 15 of a program's name, so it would equal nobody's (write `averyverylongpr`, its first 15, or `exe:` with the path of the program)";
const STARTED = SAID.replace(', or `exe:` with the path of the program', '');
const END = `act:
  - {id: k, why: w, kill: {targets: $a}}
verify:
  - {id: w, processes: {name: cron}, expect: {count: {at_least: 0}}}
`;
const decides = ', expect: {count: {at_least: 1}}';

test('a program name over 15 bytes is an error in check, alone, in a list and for who started it', async () => {
  const of = (arg: string) => complaints(`diagnose:\n  - {id: a, processes: ${arg}${decides}}\n${END}`);
  assert.deepEqual(await of(`{name: ${LONG}}`), [`6:31 ${SAID}`]);
  assert.deepEqual(await of(`{name: [cron, ${LONG}]}`), [`6:38 ${SAID}`]);
  assert.deepEqual(await of(`{name: cron, started_by: ${LONG}}`), [`6:49 ${STARTED}`]);
  assert.deepEqual(await of(`{name: cron, started_by: [cron, ${LONG}]}`), [`6:56 ${STARTED}`]);
  assert.deepEqual(await of('{name: averyverylongpr, started_by: systemd-journal}'), []);
  assert.deepEqual(await of('{exe: /usr/sbin/averyverylongprogramname}'), []);
});

test('bytes count, not characters; for a name that would be cut inside of a character only its path helps', async () => {
  const of = (name: string) => complaints(`diagnose:\n  - {id: a, processes: {name: ${name}}${decides}}\n${END}`);
  assert.deepEqual(await of('ééééééé'), []);
  const message = "`éééééééé` has 16 bytes; the kernel keeps 15 of a program's name, so it would equal nobody's";
  assert.deepEqual(await of('éééééééé'), [
    `6:31 program-name-too-long: ${message} (write \`exe:\` with the path of the program)`,
  ]);
});

test('a path is no program name', async () => {
  assert.deepEqual(await complaints(`diagnose:\n  - {id: a, processes: {name: /bin/cron}${decides}}\n${END}`), [
    "6:31 bad-value: `/bin/cron` is a path; a program's name has no folder (write its last part, or `exe:` with the path)",
  ]);
});

test('kill takes no such name either', async () => {
  const text = `diagnose:\n  - {id: a, disk: {path: /}, expect: {inodes_free: 5%}}\nact:\n  - {id: k, why: w, kill: {processes: {name: ${LONG}}}}\nverify:\n  - {id: w, disk: {path: /}, expect: {inodes_free: 5%}}\n`;
  assert.deepEqual(await complaints(text), [`8:46 ${SAID}`]);
});

const PARAMS = (who: string, daemons: string) => `params:
  who: {type: string, default: ${who}}
  daemons: {type: list, default: ${daemons}}
diagnose:
  - {id: a, processes: {name: $who, started_by: $daemons}${decides}}
${END}`;

test('a default of a parameter, and a member of one that is a list, that is used as a program name may not be longer', async () => {
  assert.deepEqual(await complaints(PARAMS(LONG, `[cron, ${LONG}]`)), [
    `6:32 ${SAID.replace(': ', ': bad default: ')}`,
    `7:34 ${STARTED.replace(': ', ': bad default: ')}`,
  ]);
});

test('a value of --param that is used as a program name may not be longer either', async () => {
  assert.deepEqual(await paramComplaints(PARAMS('cron', '[cron]'), { who: LONG, daemons: `cron,${LONG}` }), [
    SAID,
    STARTED,
  ]);
  assert.deepEqual(
    await paramComplaints(PARAMS('cron', '[cron]'), { who: 'averyverylongpr', daemons: 'cron,crond' }),
    [],
  );
});

test('a value for a used runbook that is used as a program name may not be longer either', async () => {
  const used = { './sub.yaml': PARAMS('cron', '[cron]').replace('kill: {', 'kill: {') };
  const using = (params: string, value: string) =>
    `${params}diagnose:\n  - {id: d, disk: {path: /}, expect: {inodes_free: 5%}}\nact:\n  - {id: u, why: w, runbook: {use: ./sub.yaml, with: {who: ${value}}}}\n`;
  assert.deepEqual(await complaints(using('', LONG), used), [`8:60 ${SAID}`]);
  const handedOn = using(`params:\n  mine: {type: string, default: ${LONG}}\n`, '$mine');
  assert.deepEqual(await complaints(handedOn, used), [`6:33 ${SAID.replace(': ', ': bad default: ')}`]);
});

test('if a too long name comes another way, the probe answers "unknown" and nothing is killed', async () => {
  const look = {
    host: processHost(processWorld(...mailStorm(1))),
    clock: quickClock(),
    signal: new AbortController().signal,
    progress: () => {},
  };
  const reason = `no program is named ${LONG}: the kernel keeps 15 bytes of a name`;
  const { summary, unknown, measures } = await processes.look(look, { name: LONG });
  assert.deepEqual([summary, unknown, measures.count], [`could not look: ${reason}`, reason, null]);
  const observation = await kill.observe(look, { processes: { name: 'sendmail', started_by: ['cron', LONG] } });
  assert.deepEqual([observation.verdict, observation.reason], ['cannot', reason]);
});
