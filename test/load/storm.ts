import { loadRunbook } from '../../src/load/load.ts';
import type { Problem } from '../../src/model/problem.ts';
import { testCatalogue } from './verbs.ts';

/** A runbook without a problem; the tests of the loader break it in one place at a time. */
export const STORM = `firebreak: 1
runbook: storm
version: 1.0.0
title: a storm
about: >-
  A small storm,
  told in two lines.
params:
  spool: {type: path, default: /var/spool/maildrop, about: the folder}
  watch: {type: duration, default: 10m, about: how long}
  names: {type: list, default: [cron, crond]}
  lease: {type: duration, default: 15m}
  least: {type: integer, default: 4, min: 1, max: 100}
limits: {kill: 2000, delete: 5000, stopped_for: 30m}
diagnose:
  - id: inodes
    why: a full table looks like free space
    disk: {path: $spool}
    expect: {inodes_free: {at_most: 5%}}
  - id: post
    service: {name: postfix}
    expect: {state: stopped, enabled: {is: false}}
  - id: mailers
    processes: {name: [sendmail, postdrop], started_by: $names, older_than: 30s}
    expect: {count: {at_least: $least}}
    decisive: false
    retry: {times: 2, every: 1s}
  - id: mail
    files: {in: $spool, type: file, name: {matches: '^[0-9A-Z]+$'}, max: 3}
    expect:
      any_of:
        - count: {between: [1000, 90000]}
        - bytes: {at_least: 2GiB}
act:
  - id: stop-cron
    why: it adds more
    stop: {service: {first_of: $names}, restore_within: $lease}
  - id: end-mailers
    why: they refill
    kill: {targets: $mailers, signal: TERM, kill_after: 5s}
    when: {mailers: {count: {at_least: 1}}}
    on_fail: ask
  - id: empty
    why: these hold the inodes
    delete: {targets: $mail, batch: 1000}
    undo: restore them from the backup
    timeout: 1h
  - id: start-cron
    why: jobs must run
    start: {service: {first_of: $names}}
    ask: false
verify:
  - id: calm
    watch: {for: $watch, every: 15s, proof: {cron_minutes: 2, service: {first_of: $names}}}
    hold:
      - {of: $mailers, count: {at_most: 0}}
      - {of: $mail, growth: {at_most: 0}}
open:
  - say: The post is still down.
    when: {post: {state: {is_not: running}}}
`;

export async function load(text: string) {
  return loadRunbook({ path: 'storm.yaml', text, catalogue: testCatalogue() });
}

export async function problemsIn(text: string): Promise<readonly Problem[]> {
  const loaded = await load(text);
  return loaded.ok ? [] : loaded.problems;
}

/** `line:column+length code (suggestion)` */
export function brief({ place, code, suggestion }: Problem): string {
  return `${place.line}:${place.column}+${place.length} ${code}${suggestion === undefined ? '' : ` (${suggestion})`}`;
}

/** The storm with `from` replaced; `⟦...⟧` in `to` marks where the problem must be told. */
export function broken(from: string, to: string): { readonly text: string; readonly place: string } {
  if (STORM.split(from).length !== 2) throw new Error(`the storm holds ${from} ${STORM.split(from).length - 1} times`);
  const marked = STORM.replace(from, () => to);
  const before = marked.slice(0, marked.indexOf('⟦'));
  const length = marked.indexOf('⟧') - before.length - 1;
  const lines = before.split('\n');
  return { text: marked.replace(/[⟦⟧]/g, ''), place: `${lines.length}:${(lines.at(-1) ?? '').length + 1}+${length}` };
}
