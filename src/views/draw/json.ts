import type { Telling } from '../../model/document.ts';
import { escapeJson } from './escape.ts';

/** For programs: what the document was told of. */
export function drawJson({ record }: Pick<Telling, 'record'>): string {
  return `${escapeJson(JSON.stringify(record(), null, 2))}\n`;
}
