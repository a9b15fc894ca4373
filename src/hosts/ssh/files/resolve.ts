import type { Result } from '../../../model/host.ts';
import type { Remote } from '../remote.ts';
import { recordsIn } from './records.ts';
import { broken, farRefusal, pathWord, utf8 } from './said.ts';
import { PRELUDE } from './shell.ts';

const DEADLINE = 10_000;

/** What does not exist is no link either: the rest of such a path stays as it is. */
export async function resolveFar(remote: Remote, path: string): Promise<Result<{ readonly real: string }>> {
  const word = pathWord(path);
  if (!word.ok) return word;
  const script = `${PRELUDE}\nwalk ${word.word} follow || exit 3\nprintf '%s\\0' "\${real:-/}"`;
  const answer = await remote.ask(script, { effect: 'read', timeout: DEADLINE });
  if (!answer.ok) return answer;
  const records = recordsIn(answer.stdout);
  const [real] = records;
  return farRefusal(records, path) ?? (real === undefined ? broken(path, answer) : { ok: true, real: utf8(real) });
}
