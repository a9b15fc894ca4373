/** Who holds a lock, as it tells the one that comes second. */
export interface Holder {
  readonly run: string;
  readonly who: string;
  readonly pid: number;
  /** ISO 8601. */
  readonly since: string;
}

/** Characters of each text. */
const LONGEST = 200;

export function textOf({ run, who, pid, since }: Holder): string {
  return JSON.stringify({ run: run.slice(0, LONGEST), who: who.slice(0, LONGEST), pid, since });
}

/** The text of another process: only this exact form is believed, and views must escape it. */
export function holderIn(text: string | null): Holder | null {
  try {
    const { run, who, pid, since } = JSON.parse(text ?? '') as Partial<Holder>;
    if (!isShort(run) || !isShort(who) || !Number.isSafeInteger(pid) || !isTime(since)) return null;
    return { run, who, pid: pid as number, since };
  } catch {
    return null;
  }
}

const isShort = (text: unknown): text is string => typeof text === 'string' && text.length <= LONGEST;

const isTime = (text: unknown): text is string =>
  typeof text === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]{5,12}Z$/.test(text);
