import { randomBytes } from 'node:crypto';
import { type Failure, failure, type Result } from '../../../model/host.ts';
import { hashOf } from '../../files/content.ts';
import type { Remote } from '../remote.ts';
import { recordsIn } from './records.ts';
import { replaceScript } from './replace-script.ts';
import { broken, codeOfText, farRefusal, pathWord, refusal } from './said.ts';

const MOST = 16 * 2 ** 20;
const DEADLINE = 60_000;

/** One round trip: the far side compares, writes, verifies by the hash of what lies there afterwards. */
export async function replaceFar(
  remote: Remote,
  path: string,
  change: { readonly before: string; readonly bytes: string },
): Promise<Result<{ readonly hash: string }>> {
  const word = pathWord(path);
  if (!word.ok) return word;
  if (!/^[0-9a-f]{64}$/.test(change.before)) return changed(path);
  const bytes = Buffer.from(change.bytes, 'base64');
  const after = hashOf(bytes);
  const nonce = randomBytes(8).toString('hex');
  const script = replaceScript({
    path: word.word,
    before: change.before,
    after,
    size: bytes.length,
    most: MOST,
    nonce,
  });
  const answer = await remote.ask(script, {
    effect: 'write',
    timeout: DEADLINE,
    input: Buffer.from(bytes.toString('base64')),
  });
  if (!answer.ok)
    return answer.code === 'unreachable'
      ? answer
      : failure(answer.code, `${path}: ${answer.message}; whether it was replaced nobody knows`);
  const records = recordsIn(answer.stdout);
  const [first = ''] = records;
  if (['same', 'exchanged', 'overwritten'].includes(first)) return { ok: true, hash: after };
  return refusedOf(path, records) ?? broken(path, answer);
}

function changed(path: string): Failure {
  return failure('changed', `${path} is not as it was seen: somebody has changed it since`);
}

function refusedOf(path: string, records: readonly string[]): Failure | null {
  const [first = '', more = ''] = records;
  switch (first) {
    case '! changed':
      return changed(path);
    case '! EFBIG':
      return failure('EFBIG', `${path} is larger than ${MOST} bytes`);
    case '! incomplete':
      return failure('incomplete', `${path}: its new bytes did not arrive whole, so it was not touched`);
    case '! no-tool':
      return failure(
        'no-tool',
        `${path}: the host has no ${/^\w{1,20}$/.test(more) ? more : 'tool for it'}, without which no file is replaced safely; it was not touched`,
      );
    case '! torn':
      return torn(path, codeOfText(more) ?? 'EIO');
    default:
      return farRefusal(records, path);
  }
}

function torn(path: string, code: string): Failure {
  const { message } = refusal(path, code);
  return failure(
    code,
    `${message}, in the middle of the write, and the old content could not be put back: it is torn; its bytes are kept in the run's record`,
  );
}
