/**
 * Where a part of a runbook stands in its text. Lines and columns count from 1; length is in characters of that line.
 */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
}
