import type { Telling } from '../../model/document.ts';
import type { PaperAsked } from './style.ts';
import { drawTerminal } from './terminal.ts';

/** Where nothing but text arrives: a pipe, a log, a chat. */
export function drawPlain(telling: Telling, look: PaperAsked): string {
  return drawTerminal(telling, { ...look, color: false });
}
