import type { Measure } from '../../model/condition.ts';
import type { RunState, StepState, WatchSample } from '../../model/state.ts';
import { plural, showText } from '../../model/text/quantity.ts';
import { showNumber, sparkline } from '../draw/sparkline.ts';
import { cell, md, mdTable } from '../markdown.ts';
import { namesIn, textsOf } from '../watch-words.ts';

export function verdict(state: RunState): readonly string[] {
  const watches = state.steps.filter(({ watch }) => watch !== null);
  if (watches.length === 0) return [];
  const sections = watches.flatMap((step) => watchSection(step, watches.length > 1));
  const counters = beforeAndAfter(state);
  const compared =
    counters.length === 0
      ? []
      : ['', '### Before and after', '', ...mdTable(['counter', 'at diagnosis', 'at the end'], counters)];
  return ['## Verdict', ...sections, ...compared];
}

function watchSection({ id, why, watch }: StepState, named: boolean): readonly string[] {
  if (watch === null) return [];
  const reasons = watch.reasons.map((reason) => `- ${md(reason)}`);
  const minutes = watch.samples.at(-1)?.minutes ?? null;
  const proof = minutes === null ? '' : ` Cron was seen to run a job in ${plural(minutes, 'minute')} of its clock.`;
  const rows = seriesRows(watch.samples);
  return [
    '',
    ...(named ? [`### ${md(id)}`, ''] : []),
    `**${watch.verdict ?? 'not judged'}**${why === null ? '' : `: ${md(why)}`}, by ${plural(watch.samples.length, 'sample')}${mercy(watch.samples)}.${proof}`,
    ...(reasons.length === 0 ? [] : ['', ...reasons]),
    ...(rows.length === 0 ? [] : ['', ...mdTable(['of', 'series', 'first', 'last', 'lowest', 'highest'], rows)]),
  ];
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

/** One row a watched value: its name, how it went, its numbers. Cells are markup. */
function seriesRows(samples: readonly WatchSample[]): readonly (readonly string[])[] {
  return namesIn(samples).map((name) => {
    const texts = textsOf(samples, name);
    if (texts)
      return [cell(showName(name)), cell(texts.join(' → ')), cell(texts[0] ?? ''), cell(texts.at(-1) ?? ''), '', ''];
    const values = samples.map((sample) => sample.values[name] ?? null);
    const seen = values.filter((value) => value !== null);
    const numbers = [seen.at(0), seen.at(-1), least(seen), most(seen)].map((value) =>
      value === undefined ? '?' : showNumber(value),
    );
    return [cell(showName(name)), sparkline(values), ...numbers];
  });
}

/** What diagnosis saw beside what the watch saw last, for every value that both know. Cells are markup. */
function beforeAndAfter({ steps }: RunState): readonly (readonly string[])[] {
  const samples = steps.flatMap(({ watch }) => watch?.samples ?? []);
  return namesIn(samples).flatMap((name) => {
    const [step = '', measure = ''] = name.split(' ');
    const before = steps.find(({ id }) => id === step)?.finding?.measures[measure];
    const last = samples.findLast(({ values, texts }) => values[name] !== undefined || texts?.[name] !== undefined);
    const after = last?.texts?.[name] ?? last?.values[name] ?? null;
    return before === undefined || before === null
      ? []
      : [[cell(showName(name)), cell(showMeasure(before)), cell(showMeasure(after))]];
  });
}

/** `mailers count`; a measure that begins with its step's name says it once: `inodes free` of the step `inodes`. */
function showName(name: string): string {
  const [step = '', measure = ''] = name.split(' ');
  return (measure.startsWith(`${step}_`) ? measure : name).replaceAll('_', ' ');
}

function showMeasure(measure: Measure): string {
  if (measure === null) return '?';
  if (typeof measure === 'object') return showNumber(measure.value);
  return typeof measure === 'number' ? showNumber(measure) : showText(String(measure));
}

function least(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.min(...values);
}

function most(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.max(...values);
}
