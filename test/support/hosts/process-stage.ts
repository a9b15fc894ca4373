import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import type { Processes, ProcessRecord, ProcessSelector } from '../../../src/model/host.ts';
import type { ProcessStage } from '../../contracts/processes.ts';
import { eventually, type Programs, programs, WAIT } from './programs.ts';

const { username, uid } = userInfo();
export const ME = { name: username, uid };
/** Who the users of a test's processes are, for the ports that ask. */
export const users = async () => ({ [uid]: username });

/**
 * Other processes of this machine may have any name, also those of another test run: only what lies in our own folder
 * counts.
 */
export const within =
  (processes: Processes, stage: Programs) =>
  async (selector: ProcessSelector): Promise<readonly ProcessRecord[]> => {
    const found = await processes.list(selector);
    assert.ok(found.ok, JSON.stringify(found));
    return found.processes.filter((each) => each.exe?.startsWith(stage.folder) || each.state === 'Z');
  };

/** A stage of real processes of this machine, looked at through any port that sees them. */
export async function realStage(processes: Processes): Promise<ProcessStage> {
  const stage = programs();
  const list = within(processes, stage);
  return {
    processes: {
      ...processes,
      list: async (selector) => ({ ok: true, processes: await list(selector), unreadable: 0 }),
    },
    user: ME,
    family: async (daemon, ...children) => {
      const starts = children.map((child) => `${stage.path(child)} -c 'echo $$; ${WAIT}' & read -r _ < /dev/null`);
      const program = stage.start(daemon, `${starts.join('\n')}\n${WAIT}`, { session: true });
      const pids: Record<string, number> = { [daemon]: program.pid };
      for (const child of children) pids[child] = Number(await program.line());
      return pids;
    },
    single: async (name, options = {}) => {
      const program = stage.start(name, `${options.ignoresTerm ? "trap '' TERM;" : ''} echo up; ${WAIT}`, {
        args: options.args ?? [],
      });
      await program.line();
      // The state that `list` sees is S only once it waits again.
      await eventually(
        async () => (await list({ name: [name], state: ['S'] })).some((each) => each.pid === program.pid),
        'it waits',
      );
      return program.pid;
    },
    close: async () => await stage.close(),
  };
}
