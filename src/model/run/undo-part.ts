/** Which part of a run is undone: one step `alone`, or the step and all later ones. */
export interface UndoPart {
  readonly step: string;
  readonly alone: boolean;
}

/** Of what was done, oldest first. */
export function partIn<T extends { readonly step: string }>(done: readonly T[], part: UndoPart | null): readonly T[] {
  if (part === null) return done;
  const from = done.findIndex(({ step }) => step === part.step);
  return done.slice(from, part.alone ? from + 1 : undefined);
}
