import type { Plan } from '../model/plan.ts';
import type { Ask, Interrupts, View } from '../model/ports.ts';

/** What a screen is made of; a part of the command's Io. */
export interface ScreenParts {
  readonly stdout: (text: string) => void;
  readonly columns: number;
  readonly color: { readonly stdout: boolean; readonly stderr: boolean };
  readonly streams: { readonly stdin: NodeJS.ReadStream; readonly stderr: NodeJS.WriteStream };
  readonly interrupts: Interrupts;
}

export interface ScreenWish {
  readonly mode: 'attended' | 'unattended';
  readonly output: 'text' | 'ndjson' | 'junit';
  readonly all: boolean;
}

export interface RunScreen {
  readonly views: readonly View[];
  readonly ask: Ask | null;
  readonly planned: (plan: Plan) => void;
  readonly close: () => Promise<void>;
}

/** Attended: rows and questions on stderr. Unattended: lines or NDJSON on stdout. */
export async function screenFor(parts: ScreenParts, wish: ScreenWish): Promise<RunScreen> {
  return wish.mode === 'attended' ? attended(parts, wish) : unattended(parts, wish);
}

async function attended(parts: ScreenParts, { all }: ScreenWish): Promise<RunScreen> {
  const { terminalView } = await import('../views/terminal.ts');
  const view = await terminalView({ ...parts, color: parts.color.stderr, all });
  return { views: [view], ask: view.ask, planned: view.planned, close: async () => view.close() };
}

async function unattended(parts: ScreenParts, wish: ScreenWish): Promise<RunScreen> {
  const view = await viewFor(parts, wish);
  return { views: [view], ask: null, planned: () => {}, close: async () => view.close() };
}

async function viewFor({ stdout: write, columns, color }: ScreenParts, { output, all }: ScreenWish): Promise<View> {
  switch (output) {
    case 'ndjson':
      return (await import('../views/json.ts')).ndjsonView({ write });
    case 'junit':
      return (await import('../views/junit.ts')).junitView({ write });
    case 'text':
      return (await import('../views/lines.ts')).linesView({ write, columns, color: color.stdout, all });
  }
}
