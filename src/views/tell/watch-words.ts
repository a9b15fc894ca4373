import type { WatchStanding } from '../../model/event.ts';
import type { WatchSpec } from '../../model/plan.ts';
import type { WatchSample } from '../../model/state.ts';
import { plural, showDuration, showText } from '../../model/text/quantity.ts';

/** `for 10 min, a look every 15 s; settles for 20 s first; 1 bad look is tolerated`. */
export function watchedText({ for: length, every, settle = 0, tolerate = 0 }: WatchSpec): string {
  const mercy = [
    ...(settle === 0 ? [] : [`what is bad in the first ${showDuration(settle)} does not count`]),
    ...(tolerate === 0 ? [] : [`${plural(tolerate, 'bad look')} ${tolerate === 1 ? 'is' : 'are'} tolerated`]),
  ];
  return [`for ${showDuration(length)}, a look every ${showDuration(every)}`, ...mercy].join('; ');
}

export function proofText({ proof }: WatchSpec): string {
  if (proof === null) return 'none asked for';
  return `${proof.services.join(' or ')} is seen to run a job in ${plural(proof.cronMinutes, 'different minute')}; else: inconclusive`;
}

/** What is broken, and that it does not count. */
export function brokenWords(broken: readonly string[], standing: WatchStanding | undefined): readonly string[] {
  if (standing === undefined || broken.length === 0) return broken;
  return [`${STANDING[standing]}: ${broken.join(', ')}`];
}

const STANDING = { settling: 'still settling', tolerated: 'tolerated' } as const;

/** `every line true at 5 looks`, and what did not count. */
export function looksText(samples: readonly WatchSample[]): string {
  const early = samples.filter(({ standing }) => standing === 'settling').length;
  const tolerated = samples.filter(({ standing }) => standing === 'tolerated').length;
  return [
    `every line true at ${plural(samples.length - early - tolerated, 'look')}`,
    ...(tolerated === 0 ? [] : [`${plural(tolerated, 'bad look')} tolerated`]),
    ...(early === 0 ? [] : [`${plural(early, 'look')} while it settled`]),
  ].join(', ');
}

/** The names of what was watched, in the order of the first sample that has them. */
export function namesOfMeasures(samples: readonly WatchSample[]): readonly string[] {
  return [...new Set(samples.flatMap(({ values, texts = {} }) => [...Object.keys(values), ...Object.keys(texts)]))];
}

/**
 * Null: this is measured in numbers. Else what it was, one after the other, the same only once; `?` where it could not
 * be looked at.
 */
export function textsOf(samples: readonly WatchSample[], name: string): readonly string[] | null {
  if (samples.every(({ texts = {} }) => texts[name] === undefined)) return null;
  const shown = samples.map(({ texts = {} }) => (texts[name] === undefined ? '?' : showText(texts[name])));
  return shown.filter((text, at) => text !== shown[at - 1]);
}

/** `mailers count`; and `inodes free` rather than `inodes inodes free`. */
export function measureName(name: string): string {
  const [step = '', measure = ''] = name.split(' ');
  return (measure.startsWith(step) ? measure : name).replaceAll('_', ' ');
}
