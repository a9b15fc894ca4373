import type { Measure } from '../../model/condition.ts';
import { type Document, marked, section, sentence, type Text } from '../../model/document.ts';
import type { RunState, StepState, WatchSample } from '../../model/state.ts';
import { plural, showText } from '../../model/text/quantity.ts';
import { showNumber } from '../number.ts';
import { measureName, namesOfMeasures } from './watch-words.ts';
import { measuredOf } from './watched.ts';

export function verdict(state: RunState): Document {
  const watches = state.steps.filter(({ watch }) => watch !== null);
  const rows = beforeAndAfter(state);
  const columns = ['counter', 'at diagnosis', 'at the end'];
  const compared = section('Before and after', rows.length === 0 ? [] : [{ kind: 'rows', columns, rows }]);
  return section(
    'VERDICT',
    watches.length === 0 ? [] : [...watches.flatMap((step) => watched(step, watches.length > 1)), ...compared],
  );
}

function watched({ id, why, watch }: StepState, named: boolean): Document {
  if (watch === null) return [];
  const { samples, reasons } = watch;
  const minutes = samples.at(-1)?.minutes ?? null;
  const proof = minutes === null ? '' : ` Cron was seen to run a job in ${plural(minutes, 'minute')} of its clock.`;
  const by = `${why === null ? '' : `: ${why}`}, by ${plural(samples.length, 'sample')}${mercy(samples)}.${proof}`;
  const told: Document = [
    sentence([{ strong: watch.verdict ?? 'not judged' }, by]),
    ...marked('-', reasons),
    { kind: 'measures', of: measuredOf(samples) },
  ];
  return named ? [{ kind: 'entry', mark: '·', name: id, after: [], inside: told }] : told;
}

/** What of the samples did not count. */
function mercy(samples: readonly WatchSample[]): string {
  const early = samples.filter(({ standing }) => standing === 'settling').length;
  const tolerated = samples.filter(({ standing }) => standing === 'tolerated').length;
  const parts = [
    ...(early === 0 ? [] : [`${early} while it settled`]),
    ...(tolerated === 0 ? [] : [`${tolerated} bad and tolerated`]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

/** What diagnosis saw beside what the watch saw last, for every value that both know. */
function beforeAndAfter({ steps }: RunState): readonly (readonly Text[])[] {
  const samples = steps.flatMap(({ watch }) => watch?.samples ?? []);
  return namesOfMeasures(samples).flatMap((name) => {
    const [step = '', measure = ''] = name.split(' ');
    const before = steps.find(({ id }) => id === step)?.finding?.measures[measure];
    const last = samples.findLast(({ values, texts }) => values[name] !== undefined || texts?.[name] !== undefined);
    const after = last?.texts?.[name] ?? last?.values[name] ?? null;
    return before === undefined || before === null
      ? []
      : [[measureName(name), showMeasure(before), showMeasure(after)]];
  });
}

function showMeasure(measure: Measure): string {
  if (measure === null) return '?';
  if (typeof measure === 'object') return showNumber(measure.value);
  return typeof measure === 'number' ? showNumber(measure) : showText(String(measure));
}
