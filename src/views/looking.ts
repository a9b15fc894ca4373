import { escaped } from './draw/escape.ts';

/** One line that says what is being looked at, drawn over and over; gone at the end. For a terminal only. */
export function lookingLine(write: (text: string) => void): {
  readonly at: (step: string) => void;
  readonly end: () => void;
} {
  return { at: (step) => write(`\r\u001b[Klooking: ${escaped(step)}`), end: () => write('\r\u001b[K') };
}
