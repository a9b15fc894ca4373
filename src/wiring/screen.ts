import type { Vault } from '../hosts/vault.ts';
import type { FleetAsk, FleetView } from '../model/fleet/ports.ts';
import type { Plan } from '../model/plan.ts';
import type { Ask, Interrupts, View } from '../model/ports.ts';
import type { Before } from '../views/tell/fleet/follow.ts';

/** What a screen is made of; a part of the command's Io. */
export interface ScreenParts {
  readonly stdout: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly columns: number;
  readonly color: { readonly stdout: boolean; readonly stderr: boolean };
  readonly streams: { readonly stdin: NodeJS.ReadStream; readonly stderr: NodeJS.WriteStream };
  readonly interrupts: Interrupts;
  readonly secrets?: Vault;
}

export interface ScreenWish {
  readonly attended: boolean;
  readonly output: 'text' | 'ndjson' | 'junit';
  readonly all: boolean;
}

export interface RunScreen {
  readonly view: View;
  readonly ask: Ask | null;
  readonly planned: (plan: Plan) => void;
}

/** Attended: rows and questions on stderr. Unattended: lines, NDJSON or JUnit on stdout. */
export async function screenFor(parts: ScreenParts, { attended, output, all }: ScreenWish): Promise<RunScreen> {
  const { stdout: write, columns, color } = parts;
  const unattended = (view: View): RunScreen => ({ view, ask: null, planned: () => {} });
  if (attended) {
    const view = await (await import('../views/terminal.ts')).terminalView({ ...parts, color: color.stderr, all });
    return { view, ask: redacting(view.ask, parts), planned: view.planned };
  }
  switch (output) {
    case 'ndjson':
      return unattended((await import('../views/json.ts')).ndjsonView({ write }));
    case 'junit':
      return unattended((await import('../views/junit.ts')).junitView({ write }));
    case 'text':
      return unattended((await import('../views/lines.ts')).linesView({ write, columns, color: color.stdout, all }));
  }
}

interface FleetScreen {
  readonly view: FleetView;
  readonly ask: FleetAsk | null;
}

/** The same of many hosts. `before`: of a fleet run that goes on. */
export async function fleetScreenFor(
  parts: ScreenParts,
  { attended, output, all }: ScreenWish,
  before: Before | undefined,
): Promise<FleetScreen> {
  const { stdout: write, columns, color } = parts;
  if (attended) {
    const { fleetTerminal } = await import('../views/fleet/terminal.ts');
    const look = { ...parts, color: color.stderr, all, dumb: parts.env.TERM === 'dumb', before };
    const view = await fleetTerminal(look);
    return { view, ask: redacting(view.ask, parts) };
  }
  switch (output) {
    case 'ndjson':
      return { view: (await import('../views/json.ts')).ndjsonView({ write }), ask: null };
    case 'junit':
      return { view: (await import('../views/fleet/junit.ts')).fleetJunitView({ write, before }), ask: null };
    case 'text': {
      const { fleetLinesView } = await import('../views/fleet/lines.ts');
      return { view: fleetLinesView({ write, before, columns, color: color.stdout, all }), ask: null };
    }
  }
}

/** Questions show what was just observed: it has not come through the spine. */
function redacting<A extends Ask | FleetAsk>(ask: A, { secrets }: ScreenParts): A {
  if (!secrets) return ask;
  const put = (question: (about: unknown) => unknown) => (about: unknown) => question(secrets.redact(about));
  return Object.fromEntries(Object.entries(ask).map(([name, question]) => [name, put(question)])) as unknown as A;
}
