import { placesFor } from '../journal/places.ts';
import { prepareJournal, removePrepared } from '../journal/prepared.ts';
import type { OutcomeName } from '../model/outcome.ts';
import { showSize } from '../model/text/quantity.ts';
import { defineCommand, type Io } from './_command.ts';
import { refuse } from './_result.ts';

const ELSEWHERE = 'the journal of a run over ssh is kept on this machine: nothing is to be prepared on the other';

interface Said {
  readonly state: 'prepared' | 'already-prepared' | 'removed' | 'nothing-prepared' | 'failed';
  readonly text: string;
  readonly outcome: OutcomeName;
  readonly more?: Readonly<Record<string, string | number>>;
}

function makeReady(io: Io): Said {
  const made = prepareJournal({ places: placesFor(io), uid: io.uid });
  if (!made.ok) return failed(made);
  const { folder, bytes, records } = made.prepared;
  const text = `room for one run: a journal and ${records} records, ${showSize(bytes)} in ${folder}`;
  return {
    state: made.made ? 'prepared' : 'already-prepared',
    text: `${made.made ? 'prepared' : 'already prepared'}: ${text}`,
    outcome: 'held',
    more: { folder, bytes, records },
  };
}

function giveBack(io: Io): Said {
  const gone = removePrepared({ places: placesFor(io), uid: io.uid });
  if (!gone.ok) return failed(gone);
  return gone.removed
    ? { state: 'removed', text: 'removed: nothing is prepared any more', outcome: 'held' }
    : { state: 'nothing-prepared', text: 'nothing was prepared', outcome: 'held' };
}

function failed({ code, message }: { readonly code: string; readonly message: string }): Said {
  return {
    state: 'failed',
    text: message,
    outcome: code === 'copy-on-write' ? 'unsupported-machine' : 'no-journal',
    more: { reason: code, message },
  };
}

export default defineCommand({
  name: 'prepare',
  summary: 'on a healthy host, take room for the journal of one run',
  about:
    'Takes room for the journal of one run and what its undo needs, so that a run can begin where every disk is full: without an inode, without a block. A run that used it up prepares anew once there is room again. Says what is there where it is prepared already.',
  args: [],
  options: [
    { flags: '--host <name>', about: 'refused: journals of runs over ssh are kept on this machine' },
    { flags: '--remove', about: 'give the room back' },
    { flags: '--json', about: 'print the result as JSON' },
  ],
  examples: [
    ['firebreak prepare', 'once a host, best when it is set up'],
    ['firebreak prepare --remove', 'give the room back'],
  ],
  async run(io, _args, options) {
    if (options.host !== undefined) return refuse(ELSEWHERE, 'usage');
    const said = options.remove === true ? giveBack(io) : makeReady(io);
    if (options.json === true) io.stdout(`${JSON.stringify({ state: said.state, ...said.more }, null, 2)}\n`);
    else if (said.state === 'failed') return refuse(said.text, said.outcome);
    else io.stdout(`${said.text}\n`);
    return { outcome: said.outcome };
  },
});
