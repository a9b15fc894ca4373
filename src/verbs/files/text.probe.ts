import type { FileContent } from '../../model/host.ts';
import { exactlyOne, type Infer, object, path, pattern, text } from '../../model/runbook/shape.ts';
import { latin1Of, latin1OfText, shownText } from '../../model/text/bytes.ts';
import { patternOf } from '../../model/text/pattern.ts';
import { plural } from '../../model/text/quantity.ts';
import { commandLine } from '../../model/text/quote.ts';
import { defineProbe, type Finding, type Look, type MeasureAbout, unknownFinding } from '../../model/verb.ts';

const MEASURES = {
  matches: { about: 'how many lines match; 0 where there is no such file', unit: 'count' },
  exists: { about: 'whether the file is there', unit: 'boolean' },
} as const satisfies Record<string, MeasureAbout>;

const MOST_BYTES = 8 * 2 ** 20;
const MOST_LINES = 20;

const TEXT = exactlyOne(
  object(
    'Which file, and what is sought in each of its lines.',
    {
      file: path('The file.'),
      matches: pattern('A regular expression, sought in each line.'),
      contains: text('A text, sought in each line as it stands.'),
    },
    ['file'],
  ),
  'matches',
  'contains',
);
type Arg = Infer<typeof TEXT>;

export default defineProbe({
  summary: 'count the lines of a file that match',
  about:
    'Reads a regular file of up to 8 MiB and counts its lines that match a pattern or hold a text. A file that is not there has no such line and `exists` is false; one that may not be read makes the finding unknown. ' +
    'A FIFO or a device is never read, and a symbolic link only followed if root or we made it where nobody else can change it.',
  schema: TEXT,
  example: { file: '/etc/crontab', matches: '^MAILTO=' },
  needs: [],
  measures: MEASURES,
  look,
  explain,
});

async function look({ host }: Look, arg: Arg): Promise<Finding> {
  const [content] = await host.files.read([arg.file], { max: MOST_BYTES });
  if (!content) return unknownFinding(MEASURES, `${arg.file} was not read`);
  if (content.ok) return findingOf(content, lineTest(arg));
  return content.code === 'ENOENT' ? missing(arg.file) : unknownFinding(MEASURES, content.message);
}

/** Both sides as bytes: a file need not be UTF-8. */
function lineTest({ contains, matches = '' }: Arg): (line: string) => boolean {
  if (contains !== undefined) {
    const sought = latin1OfText(contains);
    return (line) => line.includes(sought);
  }
  const expression = patternOf(matches);
  return (line) => expression.test(shownText(line));
}

function missing(file: string): Finding {
  return {
    summary: `there is no ${file}`,
    measures: { matches: 0, exists: false },
    detail: { path: file, exists: false, matches: 0, hash: null },
    blocks: [],
  };
}

function findingOf(content: Extract<FileContent, { ok: true }>, test: (line: string) => boolean): Finding {
  const lines = latin1Of(content.bytes).split('\n');
  if (lines.at(-1) === '') lines.pop();
  const found = lines.flatMap((line, at) => (test(line) ? [[String(at + 1), shownText(line)]] : []));
  const file = content.path === content.real ? content.path : `${content.path} (${content.real})`;
  const title = `${file}: ${plural(found.length, 'line')}`;
  return {
    summary: `${plural(found.length, 'line')} of ${plural(lines.length, 'line')} of ${file} ${found.length === 1 ? 'matches' : 'match'}`,
    measures: { matches: found.length, exists: true },
    detail: { path: content.path, exists: true, matches: found.length, hash: content.hash },
    blocks:
      found.length === 0 ? [] : [{ kind: 'table', title, columns: ['line', 'text'], rows: found.slice(0, MOST_LINES) }],
  };
}

function explain({ file, contains, matches = '' }: Arg): readonly string[] {
  const how = contains === undefined ? ['-nE', '--', matches] : ['-nF', '--', contains];
  return [commandLine(['grep', ...how, file])];
}
