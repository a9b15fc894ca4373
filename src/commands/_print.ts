import type { Document, Telling } from '../model/document.ts';
import { FORMATS, type Format } from '../views/formats.ts';
import type { Io } from './_command.ts';

type Options = Readonly<Record<string, unknown>>;

/** `--json` is short for `--format json`. */
export function formatOf({ json, format }: Options, otherwise: Format = 'text'): Format {
  return json === true ? 'json' : (FORMATS.find((one) => one === format) ?? otherwise);
}

/** On stdout, in the format that was asked for. */
export async function print(io: Io, telling: Telling, options: Options, otherwise?: Format): Promise<void> {
  const { drawAs } = await import('../views/formats.ts');
  const look = { columns: io.columns, color: io.color.stdout, all: options.all === true };
  io.stdout(await drawAs(formatOf(options, otherwise), telling, look));
}

/** For stderr: laid out for a person, whatever the format of stdout is. */
export async function drawn(io: Io, document: Document, all = false): Promise<string> {
  const { drawText } = await import('../views/draw/terminal.ts');
  const { paperOf } = await import('../views/draw/style.ts');
  return drawText(document, paperOf({ columns: io.columns, color: io.color.stderr, all }));
}

/** What is being looked at, on a terminal; silence elsewhere. */
export async function progressOn(
  io: Io,
  options: Options,
): Promise<{ readonly at: (what: string) => void; readonly end: () => void }> {
  if (!io.tty.stderr || options.json === true || io.env.TERM === 'dumb') return { at: () => {}, end: () => {} };
  return (await import('../views/looking.ts')).lookingLine(io.stderr);
}
