import type { FleetView } from '../../model/fleet/ports.ts';
import type { HostState } from '../../model/fleet/state.ts';
import { type JunitCase, outcomeCase, renderSuite } from '../junit.ts';
import {
  type Followed,
  followFleet,
  type HostStanding,
  isOver,
  lastEnd,
  standingOf,
  tookOf,
  touchedText,
  wholeEnd,
} from '../tell/fleet/follow.ts';
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

function renderFleetJunit(followed: Followed): string {
  const { run, meta, hosts, finished, last } = followed.fleet;
  const { runbook, tool, mode } = meta ?? {};
  const name = runbook?.name ?? 'firebreak';
  const took = meta === null || last === null ? 0 : Math.max(0, Date.parse(last.at) - Date.parse(meta.at)) || 0;
  return renderSuite({
    name: `${name} on ${hosts.length} hosts`,
    took,
    at: meta?.at,
    cases: [...hosts.map((host) => hostCase(host, followed, name)), outcomeCase(finished, name, 'the fleet run')],
    properties: { run, version: runbook?.version, sha256: runbook?.hash, tool, mode },
  });
}

const KINDS: Readonly<Record<HostStanding, JunitCase['result']['kind']>> = {
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

function hostCase(host: HostState, { fleet, touched }: Followed, group: string): JunitCase {
  const end = lastEnd(host);
  // Of a host nobody could look at, or of which nobody knows how it stands, nothing has been proven.
  const isUnknown = end?.outcome === 'outcome-unknown' || end?.outcome === 'bug';
  const kind = isUnknown ? 'error' : KINDS[standingOf(host, isOver(fleet))];
  const message = end === null ? (host.status === 'running' ? 'its run did not end' : 'not begun') : wholeEnd(host);
  const mine = touched.get(host.host);
  return {
    ...{ name: host.host, group, took: tookOf(host, mine) ?? 0 },
    result: kind === 'passed' ? { kind } : { kind, message },
    out: [...(host.run === null ? [] : [`run ${host.run}`]), touchedText(mine)],
  };
}
