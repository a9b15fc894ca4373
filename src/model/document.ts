import type { Block } from './block.ts';
import type { Json } from './json.ts';

/**
 * What a view tells, as a small tree that knows nothing of terminals, Markdown or pages. `views/tell/` makes it of
 * plans, states and events; `views/draw/` draws it and knows nothing of them. All text in it is data: a drawer escapes.
 */
export type Document = readonly DocumentNode[];

/** How much a text matters. `good`, `bad` and `warn` are verdicts, which must not be missed. */
export type Tone = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'good' | 'bad' | 'warn';

/** A text, or parts of it that are more than text. */
export type Text = string | readonly Span[];

export type Span =
  | string
  /** To be copied and typed: no drawer breaks it over lines. */
  | { readonly command: string }
  | { readonly strong: string }
  /** An id, a number of an exit code: to be read letter by letter. */
  | { readonly code: string }
  /** Names of hosts, folded and counted where they are long: `room` columns, or what `less` columns leave. */
  | { readonly hosts: readonly string[]; readonly room?: number; readonly less?: number; readonly least?: number }
  /** Several values of one cell or fact. */
  | { readonly list: readonly string[] }
  /** Parameters and their values. */
  | { readonly pairs: readonly (readonly [name: string, value: string])[] };

/** `page`: told where there is room to read (a ticket, a report); `screen`: where a person decides now. */
interface Placed {
  readonly on?: 'screen' | 'page';
}

export interface TextLine {
  /** Stands before the text; later lines hang below the text. */
  readonly label?: string;
  readonly text: Text;
  /** The same where there is room to read. */
  readonly page?: Text;
  readonly tone?: Tone | undefined;
}

export interface Item {
  /** One character, or a number. */
  readonly mark: string;
  readonly markTone?: Tone;
  /** Names of neighbours stand in one column. */
  readonly name?: string;
  readonly text: Text;
  readonly tone?: Tone | undefined;
  /** Hosts by name below each other, on so many lines at the most. */
  readonly hosts?: { readonly names: readonly string[]; readonly lines: number; readonly cut?: boolean };
  /** What becomes of it, told below. */
  readonly notes?: readonly TextLine[];
  readonly inside?: Document;
}

/** A value over time: numbers as bars, texts one after the other. `wrong`: it broke a line that must hold. */
export interface Measured {
  readonly name: string;
  readonly values: readonly (number | null)[];
  readonly texts: readonly string[] | null;
  readonly wrong: 'counts' | 'tolerated' | null;
}

export type DocumentNode = Placed &
  (
    | {
        readonly kind: 'title';
        readonly label?: string;
        readonly text: Text;
        readonly page: Text;
        readonly below: readonly TextLine[];
      }
    | {
        readonly kind: 'section';
        /** Empty: a part without a heading. */
        readonly title: string;
        /** The heading where there is room for one. */
        readonly page?: string | undefined;
        readonly aside?: Text;
        readonly tone?: Tone;
        readonly asideTone?: Tone;
        /** `end`: it stands last on a screen, below a line across. `short`: and first on a page. */
        readonly look?: 'end' | 'short';
        readonly inside: Document;
      }
    /** A step, a host: one of several things of a section, with a heading of its own. */
    | {
        readonly kind: 'entry';
        readonly mark: string;
        readonly tone?: Tone;
        readonly name: string;
        /** The mark in words. */
        readonly status?: string;
        readonly after: readonly string[];
        readonly inside: Document;
      }
    | ({ readonly kind: 'sentence' } & TextLine)
    /** A sentence that must be read before anything else. */
    | { readonly kind: 'warning'; readonly text: Text }
    | {
        readonly kind: 'fact';
        readonly label: string;
        readonly text: Text;
        readonly tone?: Tone | undefined;
        readonly page?: string;
      }
    /** Why there is a step, in its author's words. */
    | { readonly kind: 'reason'; readonly text: string }
    /** Facts that name what a document is about. */
    | { readonly kind: 'card'; readonly rows: readonly (readonly [label: string, text: Text])[] }
    /** `todo`: each is left to a person. A screen shows `most` of them and says how many more of `what` there are. */
    | {
        readonly kind: 'items';
        readonly items: readonly Item[];
        readonly todo?: boolean;
        /** At the left edge: the list is all there is. */
        readonly flush?: boolean;
        readonly most?: number;
        readonly what?: string;
      }
    /** Lines to copy and type. */
    | { readonly kind: 'commands'; readonly label?: string; readonly page?: string; readonly lines: readonly string[] }
    /** What would be touched, by name; `count` may be larger than the names that are known. */
    | {
        readonly kind: 'names';
        readonly label: string;
        readonly text: string;
        readonly names: readonly string[];
        readonly count: number;
      }
    | {
        readonly kind: 'hosts';
        readonly label?: string;
        readonly names: readonly string[];
        readonly lines?: number;
        readonly cut?: boolean;
      }
    /**
     * Unlike in the table of a verb, cells may be more than text. `first`: rows that a screen shows, `whole`: the command
     * that shows all; `roomy`: the column that only a wide one has room for.
     */
    | {
        readonly kind: 'rows';
        readonly columns: readonly string[];
        readonly rows: readonly (readonly Text[])[];
        readonly first?: number;
        readonly whole?: string;
        readonly roomy?: string;
      }
    | { readonly kind: 'measures'; readonly of: readonly Measured[] }
    | { readonly kind: 'blocks'; readonly blocks: readonly Block[]; readonly past?: boolean }
    | { readonly kind: 'indent'; readonly by: number; readonly inside: Document }
    | { readonly kind: 'gap' }
  );

/** What can be drawn in every format: for people the document, for programs the record. Each is made when it is wanted. */
export interface Telling {
  readonly document: () => Document;
  readonly record: () => Json | object;
  /** What to type to see what a page leaves out. */
  readonly whole?: string;
}

// ---------------------------------------------------------------- short ways to write one

export const sentence = (text: Text, tone?: Tone, label = ''): DocumentNode => ({
  kind: 'sentence',
  label,
  text,
  tone,
});
export const fact = (label: string, text: Text, tone?: Tone): DocumentNode => ({ kind: 'fact', label, text, tone });
export const gap: DocumentNode = { kind: 'gap' };

/** The same label for several texts, said once. */
export const facts = (label: string, texts: readonly string[], tone?: Tone): Document =>
  texts.map((text, at) => ({ kind: 'fact', label: at === 0 ? label : '', page: label, text, tone }));

export const onPage = (inside: Document): Document => inside.map((node) => ({ ...node, on: 'page' }));
export const onScreen = (inside: Document): Document => inside.map((node) => ({ ...node, on: 'screen' }));

/** One item a text, all with the same mark; nothing where there is none. */
export function marked(mark: string, texts: readonly Text[], tone?: Tone): Document {
  return texts.length === 0 ? [] : [{ kind: 'items', items: texts.map((text) => ({ mark, text, tone })) }];
}

type Heading = Omit<Extract<DocumentNode, { readonly kind: 'section' }>, 'kind' | 'title' | 'inside'>;

/** Nothing where there is nothing to say. */
export function section(title: string, inside: Document, heading: Heading = {}): Document {
  return inside.length === 0 ? [] : [{ kind: 'section', title, inside, ...heading }];
}

export const apart = (...inside: Document): Document => section('', inside);

/** What is to be typed, in a sentence: after a colon or between backquotes, up to the next sign that ends it. */
const TYPED =
  /(?<=^|[:;] |`)firebreak (?:check|doctor|hosts|list|plan|policy|prepare|report|resume|rollback|run|runs|show)\b(?:(?![,;.:](?: |$)|`).)*/g;

/** The commands in a sentence can be copied. */
export function withCommand(text: string): Text {
  const found = [...text.matchAll(TYPED)];
  if (found.length === 0) return text;
  const ends = [0, ...found.map((match) => match.index + match[0].length)];
  const between = ends.map((from, at) => text.slice(from, found[at]?.index ?? text.length));
  return between.flatMap((words, at): readonly Span[] => [
    ...(words === '' ? [] : [words]),
    ...(found[at] === undefined ? [] : [{ command: found[at][0] }]),
  ]);
}

/** What happened after a colon, where there is anything to say. */
export const because = (reason: string | null | undefined): string => (reason ? `: ${reason}` : '');
