import { type Failure, failure } from '../../model/host.ts';
import { type Facts, foreignLink, type Ground, mayFollow, oddPath, startAt, stepInto } from '../files/strangers.ts';
import type { FakeFile, FakeWorld } from './world.ts';

/** Where a path of the fake leads. A folder that is only implied by what lies in it is root's. */
export interface Walked {
  readonly ok: true;
  readonly real: string;
  /** Undefined: it has no entry of its own. */
  readonly file: FakeFile | undefined;
  /** The folder that holds it. */
  readonly ground: Ground;
}

const MOST_LINKS = 40;
const ROOTS: Facts = { uid: 0, mode: 0o755 };

/** `last`: whether a link in the last component is followed. A link's bytes are where it leads. */
export function walk(world: FakeWorld, path: string, last: 'follow' | 'keep'): Walked | Failure {
  const odd = oddPath(path);
  if (odd) return odd;
  const ours = new Set([0, world.facts.uid]);
  let todo = namesIn(path);
  let done: readonly string[] = [];
  let ground = startAt(ROOTS);
  let refused: ((leadsTo: string) => Failure) | null = null;
  const restart = (names: readonly string[]) => {
    todo = names;
    done = [];
    ground = startAt(ROOTS);
  };
  for (let links = 0; todo.length > 0; ) {
    const [name = '', ...rest] = todo;
    if (name === '..') {
      restart([...done.slice(0, -1), ...rest]);
      continue;
    }
    const next = pathOf([...done, name]);
    const file = world.files.get(next);
    if (file?.type === 'symlink' && (rest.length > 0 || last === 'follow')) {
      if (++links > MOST_LINKS) return failure('ELOOP', `${path}: too many symbolic links`);
      if (!mayFollow(ground, file, ours))
        refused ??= (leadsTo) => foreignLink({ asked: path, link: next, uid: file.uid, leadsTo });
      const target = Buffer.from(file.bytes, 'base64').toString('latin1');
      restart([...(target.startsWith('/') ? [] : done), ...namesIn(target), ...rest]);
      continue;
    }
    if (rest.length > 0) ground = stepInto(ground, file ?? ROOTS, ours);
    done = [...done, name];
    todo = rest;
  }
  const real = pathOf(done);
  return refused?.(real) ?? { ok: true, real, file: world.files.get(real), ground };
}

const namesIn = (path: string): readonly string[] => path.split('/').filter((name) => name !== '' && name !== '.');
const pathOf = (names: readonly string[]): string => `/${names.join('/')}`;
