import type { FleetView } from '../../model/fleet/ports.ts';
import type { HostState } from '../../model/fleet/state.ts';
import { OUTCOMES } from '../../model/outcome.ts';
import { element, seconds, xml } from '../junit.ts';
import {
  type Followed,
  followFleet,
  isOver,
  lastEnd,
  type Standing,
  standingOf,
  tookOf,
  touchedText,
  wholeEnd,
} from './follow.ts';
import type { Writing } from './lines.ts';

/**
 * A fleet run as a JUnit report: each host is a testcase, and so is the outcome. One document, written at the end, also
 * of a run that broke off.
 */
export function fleetJunitView({ write, before }: Writing): FleetView {
  const follower = followFleet(before);
  return {
    show: (event) => follower.take(event),
    close: () => write(`${renderFleetJunit(follower.now)}\n`),
  };
}

type Kind = 'passed' | 'failure' | 'error' | 'skipped';

export function renderFleetJunit(followed: Followed): string {
  const { fleet } = followed;
  const name = fleet.meta?.runbook.name ?? 'firebreak';
  const kinds = [...fleet.hosts.map((host) => kindOf(host, followed)), outcomeKind(followed)];
  const count = (kind: Kind) => String(kinds.filter((one) => one === kind).length);
  const counts = {
    tests: String(kinds.length),
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
    time: seconds(tookAll(followed)),
  };
  const hosts = fleet.hosts.map((host) => hostCase(host, followed, name));
  const timestamp = fleet.meta?.at.replace(/\.\d+Z$/, '') ?? '1970-01-01T00:00:00';
  const suite = element('testsuite', { name: `${name} on ${fleet.hosts.length} hosts`, ...counts, timestamp }, [
    element('properties', {}, properties(followed)),
    ...hosts,
    outcomeCase(followed, name),
  ]);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', { name: 'firebreak', ...counts }, [suite])}`;
}

const KINDS: Readonly<Record<Standing, Kind>> = {
  held: 'passed',
  running: 'error',
  waiting: 'skipped',
  failed: 'failure',
  'rolled-back': 'failure',
  interrupted: 'error',
  'looked-only': 'passed',
  'not-this-incident': 'skipped',
  'not-begun': 'skipped',
  refused: 'failure',
  unreachable: 'error',
};

/** Of a host nobody could look at, or of which nobody knows how it stands, nothing has been proven. */
function kindOf(host: HostState, { fleet }: Followed): Kind {
  const end = lastEnd(host);
  if (end?.outcome === 'outcome-unknown' || end?.outcome === 'bug') return 'error';
  return KINDS[standingOf(host, isOver(fleet))];
}

function hostCase(host: HostState, followed: Followed, runbook: string): string {
  const kind = kindOf(host, followed);
  const end = lastEnd(host);
  const message = end === null ? (host.status === 'running' ? 'its run did not end' : 'not begun') : wholeEnd(host);
  const failed = kind === 'passed' ? [] : [element(kind, { message }, [])];
  const said = [host.run === null ? [] : [`run ${host.run}`], [touchedText(followed.touched.get(host.host))]].flat();
  return element(
    'testcase',
    { name: host.host, classname: runbook, time: seconds(tookOf(host, followed.touched.get(host.host)) ?? 0) },
    [...failed, `<system-out>${said.map(xml).join('\n')}</system-out>`],
  );
}

const outcomeKind = ({ fleet: { finished } }: Followed): Kind =>
  finished === null ? 'error' : finished.exit === 0 ? 'passed' : 'failure';

/** A pipeline must not be green because every host that was begun is well. */
function outcomeCase(followed: Followed, runbook: string): string {
  const kind = outcomeKind(followed);
  const { finished } = followed.fleet;
  const message =
    finished === null
      ? 'the fleet run did not end by itself'
      : [`${finished.outcome}, exit ${finished.exit}: ${OUTCOMES[finished.outcome].about}`, ...finished.reasons].join(
          '; ',
        );
  const inside = [
    ...(kind === 'passed' ? [] : [element(kind, { message }, [])]),
    `<system-out>${xml(message)}</system-out>`,
  ];
  return element('testcase', { name: 'outcome', classname: runbook, time: seconds(0) }, inside);
}

function properties({ fleet: { run, meta } }: Followed): readonly string[] {
  const values = {
    run,
    version: meta?.runbook.version,
    sha256: meta?.runbook.hash,
    tool: meta?.tool,
    mode: meta?.mode,
  };
  return Object.entries(values).flatMap(([name, value]) => (value ? [element('property', { name, value }, [])] : []));
}

function tookAll({ fleet: { meta, last } }: Followed): number {
  return meta === null || last === null ? 0 : Math.max(0, Date.parse(last.at) - Date.parse(meta.at)) || 0;
}
