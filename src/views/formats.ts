import type { Telling } from '../model/document.ts';
import type { PaperAsked } from './draw/style.ts';

type Drawer = (telling: Telling, look: PaperAsked) => string;

/** Every format that a document can be printed in: one line a file of `draw/`, which is opened when it is wanted. */
const DRAWERS = {
  text: async ({ color }: PaperAsked): Promise<Drawer> =>
    color ? (await import('./draw/terminal.ts')).drawTerminal : (await import('./draw/plain.ts')).drawPlain,
  md: async (): Promise<Drawer> => (await import('./draw/markdown.ts')).drawMarkdown,
  json: async (): Promise<Drawer> => (await import('./draw/json.ts')).drawJson,
};

export type Format = keyof typeof DRAWERS;
export const FORMATS = Object.keys(DRAWERS) as readonly Format[];

export async function drawAs(format: Format, telling: Telling, look: PaperAsked): Promise<string> {
  return (await DRAWERS[format](look))(telling, look);
}
