/**
 * What a verb shows of what it saw or would touch, without saying how: terminal, Markdown and JSON render the same
 * blocks. All text is data and is escaped by the view.
 */
export type Block =
  | { readonly kind: 'text'; readonly lines: readonly string[] }
  /**
   * Views show the first rows (`first`, or twenty, on a screen) and say how many more there are. `first` is for
   * samples, of which a few tell enough.
   */
  | {
      readonly kind: 'table';
      readonly title: string;
      readonly columns: readonly string[];
      readonly rows: readonly (readonly string[])[];
      readonly first?: number;
    }
  /** A unified diff. */
  | { readonly kind: 'diff'; readonly path: string; readonly before: string; readonly after: string }
  /** Numbers over time, oldest first. */
  | { readonly kind: 'series'; readonly title: string; readonly values: readonly number[] };
