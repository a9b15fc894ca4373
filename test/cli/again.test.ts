import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { readJournal } from '../../src/journal/read.ts';
import { stateOf } from '../../src/model/state.ts';
import { manualInterrupts } from '../../src/wiring/interrupts.ts';
import { CONF, PAINT_POLICY, type Stage, setStage } from '../support/stage.ts';
import { fakeTerminal } from '../support/views/fake-terminal.ts';

const ALONE = ['--unattended', '--policy', 'policy.yaml'];
const RUN = ['run', './paint.yaml', ...ALONE];
const TTY = { stdin: true, stdout: true, stderr: true };

const runsOf = (stage: Stage): readonly string[] =>
  existsSync(stage.path('state/runs'))
    ? readdirSync(stage.path('state/runs')).filter((name) => !name.startsWith('.'))
    : [];
const textOf = (stage: Stage, run: string): string =>
  readFileSync(stage.path(`state/runs/${run}/journal.ndjson`), 'utf8');
const stateIn = (stage: Stage, run: string) => {
  const read = readJournal(stage.path(`state/runs/${run}`));
  return stateOf(read.ok ? read.events : []);
};

/** A person who types these keys, and then nothing more. */
function typing(keys: string) {
  const terminal = fakeTerminal();
  terminal.stdin.resume();
  const timer = setInterval(() => terminal.type(keys), 200);
  return {
    io: { tty: TTY, streams: { ...terminal.streams, stdout: process.stdout } },
    drawn: terminal.drawn,
    stop: () => clearInterval(timer),
  };
}

test('a rollback that is answered `leave` leaves the run held, with its cool-down and its report', async (t) => {
  const stage = setStage(t);
  stage.write('policy.yaml', PAINT_POLICY.replace('limits: {delete: 5}', 'limits: {delete: 5}, cool_down: 1h'));
  assert.equal((await stage.firebreak(RUN)).exit, 0);
  const [run = ''] = runsOf(stage);
  const before = textOf(stage, run);
  const report = await stage.firebreak(['report', run]);
  const person = typing('l\r');
  const said = await stage.firebreak(['rollback', run], person.io);
  person.stop();
  assert.equal(said.exit, 130, said.err + person.drawn());
  assert.equal(textOf(stage, run), before);
  assert.deepEqual(await stage.firebreak(['report', run]), report);
  // The incident is back, so the cool-down applies.
  stage.write('conf', CONF);
  const again = await stage.firebreak(RUN);
  assert.equal(again.exit, 3, again.err);
  assert.match(again.out, /paint held .* ago .*cool_down of 1 h/s);
});

test('a rollback in which nothing could be undone leaves the cool-down of the run that held', async (t) => {
  const stage = setStage(t);
  stage.write(
    'policy.yaml',
    PAINT_POLICY.replace('limits: {delete: 5}', 'limits: {delete: 5}, cool_down: 1h, undo: all'),
  );
  assert.equal((await stage.firebreak(RUN)).exit, 0);
  const [run = ''] = runsOf(stage);
  // Somebody has edited it since, so it is left alone.
  writeFileSync(stage.path('conf'), CONF.replace('line 3', 'line three'));
  const said = await stage.firebreak(['rollback', run, ...ALONE]);
  assert.equal(said.exit, 9, said.out + said.err);
  const again = await stage.firebreak(RUN);
  assert.deepEqual([again.exit, /held .* ago/.test(again.out)], [3, true], again.out);
});

test('a bare rollback takes the newest run that changed anything, says which, and never an older one in its place', async (t) => {
  const stage = setStage(t);
  stage.write(
    'policy.yaml',
    PAINT_POLICY.replace('limits: {delete: 5}', 'limits: {delete: 5}, undo: all, cool_down: 0s'),
  );
  const none = await stage.firebreak(['rollback', ...ALONE]);
  assert.deepEqual(
    [none.exit, none.out, none.err],
    [66, '', 'firebreak: nothing to undo: no run has changed anything; see: firebreak runs\n'],
  );
  await stage.firebreak(RUN);
  const [older = ''] = runsOf(stage);
  stage.write('conf', CONF);
  stage.write('spool/d', 'd');
  await stage.firebreak(RUN);
  const newer = runsOf(stage).find((run) => run !== older) ?? '';
  // One more run that only looked, so there is nothing to undo.
  assert.equal((await stage.firebreak(RUN)).exit, 2);
  const undone = await stage.firebreak(['rollback', ...ALONE]);
  assert.equal(undone.exit, 0, undone.err);
  assert.match(
    undone.err,
    new RegExp(`^rollback of ${newer}: paint 1\\.0\\.0 on \\S+, \\d{4}-\\d\\d-\\d\\d[\\s\\d:]+UTC, by\\s+ada, held\n`),
  );
  assert.match(undone.err, /\n {2}stays {2}clean: a deleted file cannot be brought back\n {2}undo {3}paint: /);
  assert.equal(stage.world().conf, CONF);
  const texts = [textOf(stage, older), textOf(stage, newer)];
  const again = await stage.firebreak(['rollback', ...ALONE]);
  assert.deepEqual([again.exit, again.out], [0, '']);
  assert.match(
    again.err,
    new RegExp(`^rollback of ${newer}: .*rolled\\s+back\n.*nothing of it is left to undo\n`, 's'),
  );
  assert.deepEqual([textOf(stage, older), textOf(stage, newer)], texts);
});

test('without a run that is unfinished, resume says that there is nothing to resume; of one that is over it says how it ended', async (t) => {
  const stage = setStage(t);
  const none = 'firebreak: nothing to resume: no run is unfinished; see: firebreak runs\n';
  assert.deepEqual(await stage.firebreak(['resume', ...ALONE]), { exit: 66, out: '', err: none });
  await stage.firebreak(RUN);
  const [run = ''] = runsOf(stage);
  const before = textOf(stage, run);
  assert.deepEqual(await stage.firebreak(['resume', ...ALONE]), { exit: 66, out: '', err: none });
  const over = `firebreak: nothing to resume: ${run} is over, it held; to begin anew: firebreak run paint\n`;
  for (const name of [run, 'last'])
    assert.deepEqual(await stage.firebreak(['resume', name, ...ALONE]), { exit: 66, out: '', err: over });
  assert.equal(textOf(stage, run), before);
});

test('resume reads no journal to its end but those of runs that may be unfinished', async (t) => {
  const stage = setStage(t);
  await stage.firebreak(RUN);
  const [run = ''] = runsOf(stage);
  // Only the last line is read, so damage in front of it does not matter.
  const [last = ''] = textOf(stage, run).trimEnd().split('\n').slice(-1);
  writeFileSync(stage.path(`state/runs/${run}/journal.ndjson`), `nonsense\n${last}\n`);
  assert.equal((await stage.firebreak(['resume', ...ALONE])).exit, 66);
});

for (const how of ['SIGTERM', 'SIGHUP', 'the kill switch']) {
  test(`a watch that ${how} has ended has no verdict: it says what to type, and resume watches again`, async (t) => {
    const stage = setStage(t);
    const interrupts = manualInterrupts();
    const slow = ['run', './paint.yaml', ...ALONE, '--param', 'for=1500ms'];
    const watching = setInterval(() => {
      const [run] = runsOf(stage);
      if (run !== undefined && textOf(stage, run).includes('watch.sampled')) interrupts.raise(how);
    }, 20);
    // As the program does it: once the watch goes on without a terminal, a hang-up interrupts nothing.
    const said = await stage.firebreak(slow, { interrupts: { ...interrupts, ignore: () => {} } });
    clearInterval(watching);
    assert.equal(said.exit, 7, said.out + said.err);
    const [run = ''] = runsOf(stage);
    assert.match(said.out, new RegExp(`To watch again: firebreak resume ${run}`));
    const resumed = await stage.firebreak(['resume', ...ALONE]);
    assert.equal(resumed.exit, 0, resumed.out + resumed.err);
    assert.equal(stateIn(stage, run).finished?.outcome, 'held');
  });
}

/** The journal as a backup or a power cut leaves it: cut off before the first line that fits. */
function restoreBefore(stage: Stage, run: string, type: string): void {
  const path = stage.path(`state/runs/${run}/journal.ndjson`);
  const lines = readFileSync(path, 'utf8').split('\n');
  writeFileSync(
    path,
    `${lines
      .slice(
        0,
        lines.findIndex((line) => line.includes(`"type":"${type}"`)),
      )
      .join('\n')}\n`,
  );
}

const notesOf = (stage: Stage, run: string): readonly string[] =>
  stateIn(stage, run)
    .notes.map(({ text }) => text)
    .filter((text) => text.startsWith('the host is not as the journal left it'));

for (const lost of ['action.intended', 'plan.pinned']) {
  test(`a journal that was restored from the time before its ${lost} is detected: resume tells that the host is not as the journal left it`, async (t) => {
    const stage = setStage(t);
    await stage.firebreak(RUN);
    const [run = ''] = runsOf(stage);
    restoreBefore(stage, run, lost);
    const said = await stage.firebreak(['resume', ...ALONE]);
    const [note = ''] = notesOf(stage, run);
    assert.match(said.out, /note {2,}the host is not as the journal left it: /);
    const edited = new RegExp(
      `${stage.path('conf')} was to be edited, by the journal nobody has begun to, and there is nothing to edit in it any more`,
    );
    if (lost === 'action.intended') assert.match(note, edited);
    assert.match(note, /bytes of files were kept for an undo \(records\/[0-9a-f]{64}/);
    assert.match(note, new RegExp(`no rollback undoes: look at it by hand \\(${stage.path(`state/runs/${run}`)}\\)$`));
  });
}

test('a rollback of a journal that was restored says the same before it undoes what the journal tells', async (t) => {
  const stage = setStage(t);
  const other = '  - id: more\n    why: it is wrong too\n    edit: {file: $other, set_line: {matching: a, to: b}}\n';
  const text = readFileSync(stage.path('paint.yaml'), 'utf8');
  const book = text
    .replace('  - id: clean\n', `${other}  - id: clean\n`)
    .replace('params:\n', `params:\n  other: {type: path, default: ${stage.write('other', 'a\n')}, about: one more}\n`);
  stage.write('paint.yaml', book.replace('edit: 1', 'edit: 2'));
  stage.write('policy.yaml', PAINT_POLICY.replace('limits: {delete: 5}', 'limits: {delete: 5, edit: 2}, undo: all'));
  const ran = await stage.firebreak(RUN);
  assert.equal(ran.exit, 0, ran.out + ran.err);
  const [run = ''] = runsOf(stage);
  const path = stage.path(`state/runs/${run}/journal.ndjson`);
  const lines = readFileSync(path, 'utf8').split('\n');
  const second = lines.findIndex((line) => line.includes('"type":"action.intended"') && line.includes('"step":"more"'));
  writeFileSync(path, `${lines.slice(0, second).join('\n')}\n`);
  const back = await stage.firebreak(['rollback', ...ALONE]);
  assert.equal(back.exit, 0, back.out + back.err);
  assert.match(notesOf(stage, run).join(), /other was to be edited, by the journal nobody has begun to/);
  assert.equal(stage.world().conf, CONF);
});

test('a run that died after its record and before its intent has lost nothing, and resume does not mention it', async (t) => {
  const stage = setStage(t);
  await stage.firebreak(RUN);
  const [run = ''] = runsOf(stage);
  restoreBefore(stage, run, 'action.intended');
  stage.write('conf', CONF);
  stage.write('spool/a', 'a');
  assert.equal((await stage.firebreak(['resume', ...ALONE])).exit, 0);
  assert.deepEqual(notesOf(stage, run), []);
});
