import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LAB } from '../test/support/lab/lab.ts';
import { FIREBREAK, median, once, ROOT, type Row, type Table, which } from './_measure.ts';

const TIMES = 3;

/**
 * The whole remedy of the founding incident in the lab, from the command's start until the first look of verify's
 * watch.
 */
export default async function remedy(): Promise<Table> {
  const title = "The remedy in the lab, verify's watch taken off";
  const seed = 'seed.sh, by hand';
  if (LAB === undefined || process.getuid?.() !== 0)
    return { title, rows: [{ what: seed, milliseconds: null, note: 'needs root and ../shared/lab' }] };
  const bench = join(LAB, '../bench');
  return {
    title,
    rows: [
      { what: seed, milliseconds: inLab(`${bench}/seed.sh`) },
      ours(seed),
      ansible(seed, `ansible-playbook -i localhost, -c local -e service_module=sysvinit ${bench}/ansible.yml`),
    ],
  };
}

/** Milliseconds of one command in the storm, told by the shell that runs it there. */
function inLab(command: string): number {
  return median(
    Array.from({ length: TIMES }, () => {
      const out = mkdtempSync(join(tmpdir(), 'firebreak-bench-'));
      try {
        const script = `date +%s%3N >${out}/begin; ${command} >${out}/stdout 2>${out}/stderr; code=$?; date +%s%3N >${out}/end; exit $code`;
        const ran = once([`${LAB}/mail-storm`, '--quiet', '--', '/bin/sh', '-c', script]);
        const number = (name: string) => Number(readFileSync(join(out, name), 'utf8'));
        const watched = /"at":"([^"]+)"[^\n]*"type":"step.started"[^\n]*"verb":"watch"/.exec(
          readFileSync(join(out, 'stdout'), 'utf8'),
        );
        if (ran.exit !== 0 && !watched)
          throw new Error(
            `${command} ended with ${ran.exit}: ${readFileSync(join(out, 'stderr'), 'utf8').slice(-2000)}`,
          );
        return (watched ? Date.parse(String(watched[1])) : number('end')) - number('begin');
      } finally {
        rmSync(out, { recursive: true });
      }
    }),
  );
}

function ours(against: string): Row {
  const flags = `--unattended --policy ${ROOT}/examples/policy.yaml --output ndjson --param watch=1s --param ticks=1`;
  return {
    what: 'firebreak run, unattended',
    milliseconds: inLab(`${FIREBREAK} run cron-mail-storm ${flags}`),
    against,
    aim: '< 3 x',
  };
}

function ansible(against: string, command: string): Row {
  const what = 'ansible.yml';
  if (which('ansible-playbook') === null)
    return { what, milliseconds: null, against, note: 'not installed: apt-get install ansible-core' };
  return { what, milliseconds: inLab(command), against, aim: '> 5 x firebreak' };
}
