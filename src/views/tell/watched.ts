import type { Measured } from '../../model/document.ts';
import type { WatchSample } from '../../model/state.ts';
import { measureName, namesOfMeasures, textsOf } from './watch-words.ts';

/** How each value went since the watch began. */
export function measuredOf(samples: readonly WatchSample[]): readonly Measured[] {
  const { broken = [], standing } = samples.at(-1) ?? {};
  return namesOfMeasures(samples).map((name) => {
    const isWrong = broken.some((line) => line.startsWith(`${name.split(' ')[0]}:`));
    return {
      name: measureName(name),
      values: samples.map((sample) => sample.values[name] ?? null),
      texts: textsOf(samples, name),
      wrong: isWrong ? (standing === undefined ? 'counts' : 'tolerated') : null,
    };
  });
}
