/** A path below one of these is a person's own place: no other machine has it. */
const OF_ONE_MACHINE = /(?<![\w})\]./-])\/(?:work|workspace|Users)\/[\w.-]+/g;

/** Which folders of one machine a text names: whoever has another one could not run it. */
export function foldersOfOneMachine(text: string): readonly string[] {
  return [...text.matchAll(OF_ONE_MACHINE)].map(([folder]) => folder);
}
