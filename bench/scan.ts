import { spawn } from 'node:child_process';
import { once as event } from 'node:events';
import { localHost } from '../src/hosts/local.ts';
import { median, once, type Table, timed } from './_measure.ts';

const CROWD = 3000;

/**
 * One look at every process, with ancestry, session and who started it, against `ps -eo`, among 3 000 more processes
 * than usual.
 */
export default async function scan(): Promise<Table> {
  const crowd = await gather();
  try {
    const { processes } = localHost();
    const took: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      const started = performance.now();
      const list = await processes.list({ name: ['sendmail', 'postdrop'], started_by: ['cron', 'crond', 'anacron'] });
      if (!list.ok) throw new Error(list.message);
      took.push(performance.now() - started);
    }
    const count = Number(once(['/bin/sh', '-c', 'ls -d /proc/[0-9]* | wc -l']).stdout);
    const ps = 'ps -eo pid,ppid,sid,user,etimes,comm,args';
    return {
      title: `Looking at ${count} processes`,
      rows: [
        { what: ps, milliseconds: timed(ps.split(' '), { times: 5 }) },
        { what: 'processes, started_by cron', milliseconds: median(took.slice(1)), against: ps, aim: '< 1 x' },
      ],
    };
  } finally {
    crowd.kill('SIGTERM');
    await event(crowd, 'close');
  }
}

/** A shell and its children, in a group of their own; they end with it. */
async function gather() {
  const script = `trap 'trap - TERM; kill 0' TERM; i=0; while [ $i -lt ${CROWD} ]; do sleep 600 & i=$((i + 1)); done; echo here; wait`;
  const crowd = spawn('setsid', ['/bin/sh', '-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  await event(crowd.stdout, 'data');
  return crowd;
}
