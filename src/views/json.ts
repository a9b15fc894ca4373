import type { View } from '../model/ports.ts';
import { escapeJson } from './escape.ts';

/** Every event as it is, one line of JSON each. */
export function ndjsonView({ write }: { readonly write: (text: string) => void }): View {
  return {
    show: (event) => write(`${escapeJson(JSON.stringify(event))}\n`),
    close: () => {},
  };
}
