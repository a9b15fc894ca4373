import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { Processes } from '../../src/model/host.ts';
import { ME, within } from '../support/hosts/process-stage.ts';
import { eventually, type Programs, programs, STUBBORN, WAIT } from '../support/hosts/programs.ts';

/** exit(2) of the first thread alone; 15 is PR_SET_NAME. */
const HEADLESS = `
import ctypes, threading, time
libc = ctypes.CDLL(None)
libc.prctl(15, b'fb-headless', 0, 0, 0)
threading.Thread(target=lambda: libc.usleep(120000000)).start()
libc.syscall(93 if __import__('platform').machine() == 'aarch64' else 60, 0)
`;
const PYTHON = spawnSync('python3', ['-c', '']).status === 0 ? {} : { skip: 'python3 is what can end a first thread' };
const isHeadless = (pid = 0): boolean => / Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));

/**
 * What every adapter that sees the processes of this machine makes of them: orphans, zombies, and names that pretend to
 * be something else.
 */
export function realProcesses(adapter: string, processes: Processes): void {
  describe(`processes of this machine, seen by ${adapter}`, () => {
    let stage: Programs;
    let list: ReturnType<typeof within>;
    before(() => {
      stage = programs();
      list = within(processes, stage);
    });
    after(async () => await stage.close());

    it('knows an orphan by the session of its daemon', async () => {
      const middle = `${stage.path('fb-drop1')} -c 'echo $$; ${WAIT}' & ${WAIT}`;
      const daemon = stage.start(
        'fb-cron1',
        `${stage.path('fb-mail1')} -c "${middle.replaceAll('$', '\\$')}" &\n${WAIT}`,
        {
          session: true,
        },
      );
      const orphan = Number(await daemon.line());
      const [parent] = await list({ name: ['fb-mail1'], started_by: ['fb-cron1'] });
      assert.ok(parent);
      await processes.signal([parent], 'KILL');
      await eventually(
        async () =>
          (await list({ name: ['fb-drop1'] }))[0]?.ancestry.every((each) => each.name !== 'fb-mail1') ?? false,
        're-parented',
      );
      const [found] = await list({ name: ['fb-drop1'], started_by: ['fb-cron1'] });
      assert.deepEqual([found?.pid, found?.startedBy], [orphan, { name: 'fb-cron1', pid: daemon.pid, by: 'session' }]);
    });

    it('knows an orphan of a daemon that has ended by another child that still runs the daemon’s program', async () => {
      const child = `${stage.path('fb-drop2')} -c 'echo $$; ${WAIT}' & ${WAIT}`;
      const daemon = stage.start('fb-cron2', `( ${child} ) &\n${WAIT}`, { session: true });
      await daemon.line();
      const [main] = (await list({ name: ['fb-cron2'] })).filter((each) => each.pid === daemon.pid);
      assert.ok(main);
      await processes.signal([main], 'KILL');
      await daemon.ended;
      const [found] = await list({ name: ['fb-drop2'], started_by: ['fb-cron2'] });
      assert.equal(found?.startedBy?.name, 'fb-cron2');
      assert.notEqual(found.startedBy.pid, daemon.pid);
    });

    it('does not give the rest of a session to a daemon that somebody runs in the foreground', async () => {
      const shell = stage.start(
        'fb-shell',
        [`${stage.path('fb-cron3')} -c '${WAIT}' &`, `${stage.path('fb-mail3')} -c 'echo up; ${WAIT}' &`, WAIT].join(
          '\n',
        ),
        {
          session: true,
        },
      );
      await shell.line();
      assert.equal((await list({ name: ['fb-mail3'] })).length, 1);
      assert.deepEqual(await list({ name: ['fb-mail3'], started_by: ['fb-cron3'] }), []);
    });

    it('takes a zombie for gone, unless its state is asked for', async () => {
      // It ends only once its parent is another program: a shell would reap it.
      const ends = 'until read -r name </proc/$PPID/comm; [ "$name" = fb-holder ]; do :; done';
      const parent = stage.start(
        'fb-parent',
        `${stage.path('fb-zombie')} -c '${ends}' & echo $!; exec ${stage.path('fb-holder')} -c '${WAIT}'`,
      );
      const pid = Number(await parent.line());
      await eventually(
        async () => (await list({ name: ['fb-zombie'], state: ['Z'] })).some((each) => each.pid === pid),
        'it is a zombie',
      );
      const [zombie] = (await list({ name: ['fb-zombie'], state: ['Z'] })).filter((each) => each.pid === pid);
      assert.ok(zombie);
      assert.deepEqual(
        (await list({ name: ['fb-zombie'] })).filter((each) => each.pid === pid),
        [],
      );
      assert.deepEqual(await processes.alive([zombie]), []);
      assert.deepEqual(await processes.signal([zombie], 'KILL'), [{ pid, outcome: 'gone' }]);
    });

    it('knows that a process lives whose first thread has ended', PYTHON, async () => {
      const program = spawn('python3', ['-c', HEADLESS], { stdio: ['ignore', 'pipe', 'ignore'] });
      try {
        const selector = { name: ['fb-headless'] };
        const seen = async () => {
          const found = await processes.list(selector);
          return found.ok ? found.processes.filter(({ pid }) => pid === program.pid) : [];
        };
        await eventually(async () => (await seen()).length === 1 && isHeadless(program.pid), 'its first thread ended');
        const [found] = await seen();
        assert.ok(found);
        assert.deepEqual([(await processes.alive([found])).length, found.state], [1, 'S']);
        assert.deepEqual(await processes.signal([found], 'KILL'), [{ pid: found.pid, outcome: 'sent' }]);
        await eventually(async () => (await processes.alive([found])).length === 0, 'it is gone');
      } finally {
        program.kill('SIGKILL');
      }
    });

    it('reads names and arguments that pretend to be fields of stat or lines of status', async () => {
      const names = ['a) R 1 1 (', 'b\n\u001b[2J', 'Uid:\t0\t0\t0'];
      const hostile = ['-rf', '\u001b]0;x\u0007', 'NSpid:\t1\t2', '$(reboot)', 'ü\n'];
      for (const name of names) {
        const program = stage.start(name, `echo up; ${WAIT}`, { args: hostile });
        await program.line();
        const [found] = await list({ name: [name] });
        assert.deepEqual(
          [found?.pid, found?.ppid, found?.exe, found?.uid],
          [program.pid, process.pid, `${stage.folder}/${name}`, ME.uid],
        );
        assert.deepEqual(found?.args.slice(2), hostile);
      }
    });

    it('knows a program whose file was deleted', async () => {
      const program = stage.start('fb-deleted', `rm "$dir/fb-deleted"; echo up; ${WAIT}`);
      await program.line();
      assert.equal(existsSync(`${stage.folder}/fb-deleted`), false);
      const [found] = await list({ exe: [`${stage.folder}/fb-deleted`] });
      assert.deepEqual([found?.pid, found?.exe], [program.pid, `${stage.folder}/fb-deleted`]);
      assert.ok(found);
      assert.deepEqual(await processes.signal([found], 'TERM'), [{ pid: program.pid, outcome: 'sent' }]);
    });

    it('never takes 0 or a negative number for a process: kill(2) would take it for a group', async () => {
      const results = await processes.signal(
        [0, -1, -process.pid, 1.5, Number.NaN].map((pid) => ({ pid, start: 0, exe: null })),
        'KILL',
      );
      assert.ok(results.every((each) => each.outcome === 'refused'));
    });

    it('tells the age since the start', async () => {
      const program = stage.start('fb-young', `echo up; ${WAIT}`);
      await program.line();
      const [found] = await list({ name: ['fb-young'] });
      assert.ok(found && found.age >= 0 && found.age < 10_000, String(found?.age));
    });

    it('ends what ignores TERM because its parent did', async () => {
      const parent = stage.start(
        'fb-stubborn',
        `trap '' TERM; ${stage.path('fb-heir')} -c 'echo $$; ${WAIT}' & ${STUBBORN}`,
      );
      await parent.line();
      const targets = await list({ name: ['fb-stubborn', 'fb-heir'] });
      assert.equal(targets.length, 2);
      await processes.signal(targets, 'TERM');
      assert.equal((await processes.alive(targets)).length, 2);
      await processes.signal(targets, 'KILL');
      await eventually(async () => (await processes.alive(targets)).length === 0, 'both have ended');
    });
  });
}
