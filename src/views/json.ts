import type { FleetView } from '../model/fleet/ports.ts';
import { escapeJson } from './draw/escape.ts';

/**
 * Every event as it is, one line of JSON each: of a run, or of a fleet and the runs of its hosts, each line with its
 * `host` and `run`.
 */
export function ndjsonView({ write }: { readonly write: (text: string) => void }): FleetView {
  return {
    show: (event) => write(`${escapeJson(JSON.stringify(event))}\n`),
    close: () => {},
  };
}
