import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Services } from '../../src/model/host.ts';

/** A services port with one service that exists and is stopped. */
export interface ServicesUnderTest {
  readonly services: Services;
  readonly name: string;
  readonly missing: string;
  /** Whether a process of this id is there. */
  readonly lives: (pid: number) => boolean;
  /**
   * A process of another user that leads its session and runs the service's own program. Absent: nobody here can become
   * another user.
   */
  readonly stranger?: () => Promise<number>;
  /** Lets milliseconds pass. */
  readonly pass: (milliseconds: number) => Promise<void>;
}

const count = (found: Awaited<ReturnType<Services['armed']>>): number => (found.ok ? found.handles.length : 0);
const PATIENT = { timeout: 10_000 };

export function servicesContract(adapter: string, make: (test: TestContext) => ServicesUnderTest): void {
  describe(`services of ${adapter}`, () => {
    it('say of a service that is not there that it does not exist, and refuse to touch it', async (test) => {
      const { services, missing } = make(test);
      assert.equal((await services.state(missing)).exists, false);
      for (const verb of ['start', 'stop'] as const) {
        const result = await services[verb](missing, PATIENT);
        assert.equal(result.ok ? 'changed' : result.code, 'ENOENT');
      }
    });

    it('start a stopped service and give its main process', async (test) => {
      const { services, name, lives } = make(test);
      assert.equal((await services.state(name)).state, 'stopped');
      const started = await services.start(name, PATIENT);
      assert.ok(started.ok, JSON.stringify(started));
      assert.equal(started.state.state, 'running');
      assert.ok(started.state.pid !== null && lives(started.state.pid));
      assert.deepEqual(await services.state(name), started.state);
    });

    it('start: a service that already runs is left alone', async (test) => {
      const { services, name } = make(test);
      const first = await services.start(name, PATIENT);
      const second = await services.start(name, PATIENT);
      assert.ok(first.ok && second.ok);
      assert.equal(second.state.pid, first.state.pid);
    });

    it('stop: the main process is gone on return, and a second stop is as good', async (test) => {
      const { services, name, lives } = make(test);
      const started = await services.start(name, PATIENT);
      assert.ok(started.ok && started.state.pid !== null);
      const stopped = await services.stop(name, PATIENT);
      assert.ok(stopped.ok, JSON.stringify(stopped));
      assert.equal(lives(started.state.pid), false);
      assert.deepEqual([stopped.state.state, stopped.state.pid], ['stopped', null]);
      assert.equal((await services.state(name)).state, 'stopped');
      assert.equal((await services.stop(name, PATIENT)).ok, true);
    });

    it('take no other user’s process for the daemon, whatever program it runs: it is started beside it, and it alone is stopped', async (test) => {
      const { services, name, lives, stranger } = make(test);
      if (!stranger) return test.skip('needs another user');
      const pid = await stranger();
      assert.equal((await services.state(name)).state, 'stopped');
      const started = await services.start(name, PATIENT);
      assert.ok(started.ok, JSON.stringify(started));
      assert.notEqual(started.state.pid, pid);
      const stopped = await services.stop(name, PATIENT);
      assert.ok(stopped.ok, JSON.stringify(stopped));
      assert.deepEqual([(await services.state(name)).state, lives(pid)], ['stopped', true]);
    });

    it('restart: another main process runs in the end, also where none did before', async (test) => {
      const { services, name, lives } = make(test);
      const first = await services.restart(name, PATIENT);
      assert.ok(first.ok, JSON.stringify(first));
      assert.equal(first.state.state, 'running');
      const second = await services.restart(name, PATIENT);
      assert.ok(second.ok, JSON.stringify(second));
      assert.notEqual(second.state.pid, first.state.pid);
      assert.deepEqual(
        [first.state, second.state].map(({ pid }) => pid !== null && lives(pid)),
        [false, true],
      );
    });

    it('restart no service that does not exist, and have no ties if no service needs them', async (test) => {
      const { services, name, missing } = make(test);
      const result = await services.restart(missing, PATIENT);
      assert.equal(result.ok ? 'changed' : result.code, 'ENOENT');
      assert.deepEqual(await services.ties(name), {
        ok: true,
        ties: { needers: [], lost: [], starters: [], endless: [], refuses: [], rivals: [], once: false },
      });
    });

    it('keep a lease: the service is started by the deadline, and not before', async (test) => {
      const { services, name, pass } = make(test);
      const [begun, within] = [performance.now(), 1200];
      const armed = await services.arm({ id: 'run-1-keep', service: name, within });
      assert.ok(armed.ok, JSON.stringify(armed));
      await pass(400);
      const early = await services.state(name);
      // On a busy machine the answer may have come after the deadline.
      if (performance.now() - begun < within) assert.equal(early.state, 'stopped');
      await pass(within - 400);
      for (let tries = 0; (await services.armed('run-1-keep').then(count)) > 0 && tries < 600; tries += 1)
        await pass(100);
      assert.equal((await services.state(name)).state, 'running');
      assert.deepEqual(await services.release(armed.handle), { ok: true, state: 'gone' });
    });

    it('let go of a lease that is released: nothing is started, and a second release finds nothing', async (test) => {
      const { services, name, pass } = make(test);
      const armed = await services.arm({ id: 'run-1-let-go', service: name, within: 1500 });
      assert.ok(armed.ok, JSON.stringify(armed));
      assert.deepEqual(await services.release(armed.handle), { ok: true, state: 'released' });
      assert.deepEqual(await services.release(armed.handle), { ok: true, state: 'gone' });
      await pass(1700);
      assert.equal((await services.state(name)).state, 'stopped');
    });

    it('find a lease by the beginning of its id, because a crash may leave no more', async (test) => {
      const { services, name } = make(test);
      const armed = await services.arm({ id: 'run-2-find', service: name, within: 60_000 });
      const found = await services.armed('run-2-');
      assert.ok(armed.ok && found.ok);
      assert.deepEqual(found.handles, [armed.handle]);
      assert.deepEqual(await services.release(armed.handle), { ok: true, state: 'released' });
      assert.deepEqual(await services.armed('run-2-'), { ok: true, handles: [] });
    });

    it('arm nothing for a service that is not there, and take nothing else for a handle', async (test) => {
      const { services, missing } = make(test);
      const armed = await services.arm({ id: 'run-1-none', service: missing, within: 1000 });
      assert.equal(armed.ok ? 'armed' : armed.code, 'ENOENT');
      for (const handle of [null, 7, {}, { pid: 1 }]) {
        const released = await services.release(handle);
        assert.equal(released.ok ? released.state : released.code, 'EINVAL');
      }
    });

    it('name what a person would type', async (test) => {
      const { services, name } = make(test);
      assert.match(await services.explain(name, 'stop'), /stop/);
      assert.ok((await services.explain(name, 'stop')).includes(name));
    });
  });
}
