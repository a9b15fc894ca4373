import { randomBytes } from 'node:crypto';
import { saysNoFork } from '../../model/host/no-fork.ts';
import { type Failure, failure, type Result } from '../../model/host.ts';
import type { AskOptions, Remote } from './remote.ts';

/** The parts of an answer by name: a word or two beside the name, and bytes. */
export interface Sections {
  has(name: string): boolean;
  /** What stands beside the name. */
  word(name: string): string;
  text(name: string): string;
}

export interface ToldSections {
  readonly sections: Sections;
  readonly stderr: string;
}

const NEWLINE = 10;

/**
 * Asks with a script that calls `mark NAME [WORD]` before each part of its answer. The mark carries a nonce, so that
 * nothing a process calls itself, and no file, can begin a part. A script that did not reach its own end has told
 * nothing.
 */
export async function askSections(remote: Remote, script: string, options: AskOptions): Promise<Result<ToldSections>> {
  const nonce = randomBytes(12).toString('hex');
  const words = `mark() { printf '\\n${nonce} %s\\n' "$*"; }`;
  const answer = await remote.ask(`${words}\n${script}\nmark end`, options);
  if (!answer.ok) return answer;
  const parts = split(answer.stdout, nonce);
  if (!parts.has('end')) return cutShort(remote.name, answer.status, answer.stderr);
  return { ok: true, sections: readable(parts), stderr: answer.stderr };
}

interface Part {
  readonly word: string;
  readonly bytes: Buffer;
}

function split(stdout: Buffer, nonce: string): ReadonlyMap<string, Part> {
  const mark = Buffer.from(`\n${nonce} `);
  const parts = new Map<string, Part>();
  for (let at = stdout.indexOf(mark); at !== -1; ) {
    const named = at + mark.length;
    const body = stdout.indexOf(NEWLINE, named) + 1;
    if (body === 0) break;
    const next = stdout.indexOf(mark, body - 1);
    const [name = '', ...words] = stdout.toString('latin1', named, body - 1).split(' ');
    parts.set(name, {
      word: words.join(' '),
      bytes: stdout.subarray(body, next === -1 ? stdout.length : Math.max(body, next)),
    });
    at = next;
  }
  return parts;
}

function readable(parts: ReadonlyMap<string, Part>): Sections {
  return {
    has: (name) => parts.has(name),
    word: (name) => parts.get(name)?.word ?? '',
    text: (name) => parts.get(name)?.bytes.toString('utf8') ?? '',
  };
}

function cutShort(name: string, status: number, stderr: string): Failure {
  const said = stderr.trim().slice(-500);
  if (saysNoFork(stderr)) return failure('EAGAIN', `${name} could not start a process: ${said}`);
  return failure(
    'incomplete',
    `${name} did not come to the end of its answer (status ${status})${said && `: ${said}`}`,
  );
}
