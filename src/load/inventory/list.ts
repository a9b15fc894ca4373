import { parseDestination } from '../../model/fleet/target.ts';
import type { Checked, Problem } from '../../model/problem.ts';
import { inTextOrder } from '../text/source.ts';
import { destinationsIn } from './host-range.ts';
import { doubles, type Inventory } from './hosts.ts';

/** A host a line: `web1`, `deploy@db1:2222`, `web[01:20]`; `#` begins a note. */
export function listedHosts(path: string, text: string): Checked<Inventory> {
  const lines = text.split(/\r?\n/).map((line, at) => ({ line: at + 1, text: line.replace(/(^|\s)#.*$/, '') }));
  const read = lines.flatMap(({ line, text: written }) => {
    const word = written.trim();
    const place = {
      file: path,
      line,
      column: written.length - written.trimStart().length + 1,
      length: Math.max(1, word.length),
    };
    return word === '' ? [] : [{ word, place, hosts: hostsIn(word) }];
  });
  const hosts = read.flatMap(({ hosts: found, place }) =>
    typeof found === 'string' ? [] : found.map((target) => ({ target, place })),
  );
  const problems: readonly Problem[] = [
    ...read.flatMap(({ hosts: found, word, place }) =>
      typeof found === 'string' ? [{ code: 'bad-host', message: `\`${word}\` is no host: ${found}`, place }] : [],
    ),
    ...doubles(hosts).map(([{ target }, { place }]) => ({
      code: 'duplicate-host',
      message: `${target.name} is a host already`,
      place,
    })),
  ];
  if (problems.length > 0) return { ok: false, problems: inTextOrder(problems) };
  if (hosts.length > 0) return { ok: true, value: { targets: hosts.map(({ target }) => target), warnings: [] } };
  return {
    ok: false,
    problems: [
      { code: 'no-hosts', message: 'no host stands here', place: { file: path, line: 1, column: 1, length: 1 } },
    ],
  };
}

function hostsIn(word: string) {
  const texts = destinationsIn(word);
  if (typeof texts === 'string') return texts;
  const read = texts.map(parseDestination);
  const wrong = read.find((one) => !one.ok);
  return wrong ? wrong.says : read.flatMap((one) => (one.ok ? [one.target] : []));
}
