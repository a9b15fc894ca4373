import { styleText } from 'node:util';

const PAINTS = {
  bold: 'bold',
  dim: 'dim',
  red: 'red',
  green: 'green',
  yellow: 'yellow',
  cyan: 'cyan',
  /** The verdict must not be missed. */
  good: ['bold', 'green'],
  bad: ['bold', 'red'],
  warn: ['bold', 'yellow'],
} as const;

/** Colours, or none: decided once, in cli.ts, never by asking the process again. */
export type Style = Readonly<Record<keyof typeof PAINTS, (text: string) => string>>;

export function styleOf(color: boolean): Style {
  const paint = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    color && text !== '' ? styleText(format, text, { validateStream: false }) : text;
  return Object.fromEntries(
    Object.entries(PAINTS).map(([name, format]) => [name, paint(format as never)]),
  ) as unknown as Style;
}

/** What a text is laid out on. */
export interface Paper {
  readonly columns: number;
  readonly style: Style;
  /** Everything, instead of the first twenty. */
  readonly all: boolean;
  /** It is read later: what a plan calls now is before. */
  readonly past?: boolean;
  /** What to type or choose to see everything. */
  readonly toSeeAll?: string;
}

/** What a view is given to lay out on; `columns` may be missing or absurd where the terminal does not know. */
export interface PaperAsked {
  readonly columns?: number | undefined;
  readonly color?: boolean;
  readonly all?: boolean;
}

/** Lines longer than this are hard to follow, however wide the terminal. */
const WIDEST = 200;

export function paperOf({ columns, color, all }: PaperAsked): Paper {
  const width = columns !== undefined && columns >= 20 ? Math.min(columns, WIDEST) : 80;
  return { columns: width, style: styleOf(color ?? false), all: all ?? false };
}
