import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Answer, Channel, Remote } from '../../src/hosts/ssh/remote.ts';
import { failure, type Result } from '../../src/model/host.ts';

/** A `Remote` without ssh: each question to a shell of its own on this machine. */
export function shellRemote({ shell = ['/bin/sh'] }: { shell?: readonly string[] } = {}): Remote {
  const start = (script: string): ChildProcess => {
    const [file = '/bin/sh', ...args] = shell;
    const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
    return spawn(file, [...args, '-c', `umask 077\n${script}`], { cwd: '/', env, detached: true });
  };
  return {
    name: 'shell',
    async ask(script, { timeout = 30_000, input }) {
      const child = start(script);
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input);
      const ended = Promise.all([once(child, 'close'), collect(child.stdout), collect(child.stderr)]);
      const timer = setTimeout(() => kill(child, 'SIGKILL'), timeout);
      const [[status], stdout, stderr] = await ended;
      clearTimeout(timer);
      if (status === null) return failure('timeout', `no answer from shell within ${timeout / 1000} s`);
      return { ok: true, status: Number(status), stdout, stderr: stderr.toString('latin1') } satisfies Result<Answer>;
    },
    async open(script) {
      return { ok: true, channel: channelOf(start(script)) };
    },
    // A question has a shell of its own here, so nothing stands that could hold anything.
    hold: async () => ({ ok: true, status: 0 }),
    lost: () => null,
    close: async () => undefined,
  };
}

function channelOf(child: ChildProcess): Channel {
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('no pipes');
  stdin.on('error', () => undefined);
  const done = Promise.all([once(child, 'exit'), collect(child.stderr)]).then(([[code], stderr]) =>
    code === null
      ? failure('lost', 'the script was killed')
      : { ok: true as const, status: Number(code), stderr: stderr.toString('latin1') },
  );
  return {
    stdout,
    async write(bytes) {
      if (!stdin.write(bytes)) await Promise.race([once(stdin, 'drain'), done]);
    },
    end: () => stdin.end(),
    done,
    async cancel() {
      kill(child, 'SIGTERM');
      await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 2000).unref())]);
      kill(child, 'SIGKILL');
      return [];
    },
  };
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // It has ended.
  }
}

async function collect(stream: AsyncIterable<Buffer> | null): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}
