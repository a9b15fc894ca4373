import { constants } from 'node:os';
import {
  type Captured,
  type CommandRequest,
  type Commands,
  type Failure,
  failure,
  type ProgramResult,
} from '../../model/host.ts';
import { quoteWord } from '../../model/text/quote.ts';
import { boundedCapture } from '../capture.ts';
import { LIKE_INIT_WORDS } from '../linux/like-init.ts';
import { FAR_PATH } from './far-side.ts';
import type { Channel, Remote } from './remote.ts';
import { freshNonce } from './session.ts';

/**
 * Commands of a far host, each in a session of its own over there. Nothing of them is in anybody's arguments but the
 * command's own.
 */
export function sshCommands(remote: Remote): Commands {
  return { run: (request, signal) => run(remote, request, signal), which: (name) => which(remote, name) };
}

async function run(remote: Remote, request: CommandRequest, signal: AbortSignal): Promise<ProgramResult> {
  const program = request.argv[0] ?? '';
  if (request.secrets !== undefined) return failure('secret', `${program} was not started: nobody opened its secrets`);
  const wrong = unspeakable(request);
  if (wrong !== null) return wrong;
  if (signal.aborted) return failure('interrupted', `${program} was not started: interrupted`);
  return request.brief ? runBriefly(remote, request) : runInChannel(remote, request, signal);
}

/**
 * In the standing shell, and uninterrupted: a channel costs a process of ssh here and a login shell over there. It
 * would be one more sudo, too, and sudo writes to root wherever it finds something to complain of (sudoers(5):
 * mail_badpass, a host name that does not resolve): on the sick host that is one more mailer that hangs, or mail that
 * makes the watch say that it recurred.
 */
async function runBriefly(remote: Remote, request: CommandRequest): Promise<ProgramResult> {
  const { effect, timeout } = request;
  const program = request.argv[0] ?? '';
  const begun = performance.now();
  const nonce = freshNonce();
  const within = endsOverThere(request) ? withinWords(timeout) : '';
  const script = `command -v setsid >/dev/null || setsid() { "$@"; }
${within || 'within='}
printf %s ${quoteWord(commandScript(request, nonce))} | setsid $within /bin/sh -c 'eval "$(cat)"'`;
  const answer = await remote.ask(script, { effect, timeout: within ? timeout + LATE : timeout });
  const took = Math.round(performance.now() - begun);
  if (!answer.ok && answer.code === 'no-slots') return answer;
  if (!answer.ok) return failure(answer.code, `nobody knows what became of ${program}: ${answer.message}`);
  const { status, stdout, stderr } = answer;
  return (
    notFound(request, { nonce, stderr, name: remote.name }) ?? {
      ok: true,
      ...endOf(status),
      timedOut: within !== '' && took >= timeout && [124, 137, 143].includes(status),
      stdout: capturedOf(stdout),
      stderr: capturedOf(Buffer.from(stderr, 'latin1')),
      took,
    }
  );
}

/** Between the end of the time over there and the answer here. */
const LATE = 15_000;
const KILLED_AFTER = 5;

/**
 * An init script may take as long as it likes, and one that takes longer than it may is no lost connection: it is ended
 * over there, with what it has started in its session, where there is a timeout(1) that can (busybox's can since 1.30).
 * A daemon has a session of its own by then.
 */
const endsOverThere = ({ argv }: CommandRequest): boolean => /^(?:\/|rc-service$)/.test(argv[0] ?? '');

const withinWords = (timeout: number): string =>
  `within=; timeout -k 1 1 true >/dev/null 2>&1 && within='timeout -k ${KILLED_AFTER} ${Math.ceil(timeout / 1000)}'`;

function capturedOf(bytes: Buffer): Captured {
  const captured = boundedCapture();
  captured.push(bytes);
  return captured.done();
}

async function runInChannel(remote: Remote, request: CommandRequest, signal: AbortSignal): Promise<ProgramResult> {
  const { effect, daemon = false } = request;
  const program = request.argv[0] ?? '';
  const begun = performance.now();
  const nonce = freshNonce();
  const opened = await remote.open(commandScript(request, nonce), { effect, daemon });
  if (!opened.ok) return opened;
  const { channel } = opened;
  channel.end();
  const output = capture(channel);
  const cut = await firstOf(channel, { timeout: request.timeout, signal });
  const left = cut === null ? [] : await channel.cancel();
  const [done, stdout] = await Promise.all([channel.done, output]);
  const took = Math.round(performance.now() - begun);
  if (left.length > 0)
    return failure('unkillable', `${program} did not end on KILL: pid ${left.join(', ')} on ${remote.name}`);
  if (cut === 'interrupted') return failure('interrupted', `${program} was ended after ${took} ms: interrupted`);
  if (!done.ok) return failure(done.code, `nobody knows what became of ${program}: ${done.message}`);
  return (
    notFound(request, { nonce, stderr: done.stderr, name: remote.name }) ?? {
      ok: true,
      ...endOf(done.status),
      timedOut: cut === 'deadline',
      stdout,
      stderr: done.errors,
      took,
    }
  );
}

/** A name that no shell can set, or a NUL. */
function unspeakable({ argv, env = {} }: CommandRequest): Failure | null {
  const name = Object.keys(env).find((key) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(key));
  if (name !== undefined)
    return failure(
      'EINVAL',
      `${argv[0]} was not started: a shell cannot set a variable of the name ${JSON.stringify(name)}`,
    );
  if ([...argv, ...Object.values(env)].some((text) => text.includes('\0')))
    return failure('EINVAL', `${argv[0]} was not started: a NUL in its words`);
  return null;
}

interface Told {
  readonly nonce: string;
  readonly stderr: string;
  readonly name: string;
}

/** Null: it was started. */
function notFound({ argv }: CommandRequest, { nonce, stderr, name }: Told): Failure | null {
  const code = new RegExp(`^${nonce} (E[A-Z]+)$`).exec(stderr)?.[1];
  if (code === undefined) return null;
  return failure(
    code,
    `${argv[0]} could not be started on ${name}: ${code === 'ENOENT' ? 'it is not there' : 'it may not be executed'}`,
  );
}

/** UTF-8, as everywhere else, in a script that is bytes. */
const word = (text: string): string => quoteWord(Buffer.from(text).toString('latin1'));

/**
 * Looks for the program first, since a shell tells only by a status that any program may have. Values are set in the
 * script, never in arguments.
 */
function commandScript({ argv, env = {}, stdin, daemon = false }: CommandRequest, nonce: string): string {
  const [program = ''] = argv;
  const start = `exec ${argv.map(word).join(' ')}`;
  const fed =
    stdin === undefined || stdin === '' ? `${start} </dev/null` : `printf %s ${word(stdin)} | base64 -d | ${start}`;
  return [
    'unset LC_ALL OLDPWD PWD SHLVL',
    ...Object.entries(env).map(([name, value]) => `export ${name}=${word(value)}`),
    findProgram(word(program), `printf '${nonce} %s' "$e" >&2; exit 127`),
    daemon ? daemonScript(fed) : fed,
  ].join('\n');
}

const findProgram = (program: string, otherwise: string): string => `p=${program} e=ENOENT
look() { if [ -f "$1" ] && [ -x "$1" ]; then e=; elif [ -e "$1" ]; then e=EACCES; fi; }
case $p in
  */*) look "$p" ;;
  ?*) IFS=:; for d in $PATH; do [ -z "$e" ] || look "$d/$p"; done; unset IFS ;;
esac
[ -z "$e" ] || { ${otherwise}; }`;

/**
 * A pipe would end a daemon that kept it, once we are gone: it gets a file without a name in memory, which is read and
 * emptied when the start has come to its end; where there is no room for one, /dev/null. And all else that init gives.
 */
const daemonScript = (fed: string): string => `${LIKE_INIT_WORDS}
like_init
for d in /run /dev/shm; do f=$(umask 077; mktemp "$d/firebreak-XXXXXX" 2>/dev/null) && break; f=; done
if [ -n "$f" ]; then exec 4>>"$f" 5<"$f"; rm -f "$f"; else exec 4>/dev/null 5</dev/null; fi
( ${fed} ) >&4 2>&4 4>&- 5<&-
s=$?
dd bs=65536 count=64 <&5 >&2 2>/dev/null
{ : >/proc/self/fd/4; } 2>/dev/null
exit $s`;

async function capture({ stdout }: Channel): Promise<Captured> {
  const captured = boundedCapture();
  for await (const chunk of stdout) captured.push(chunk);
  return captured.done();
}

/** Null: it ended by itself. */
function firstOf(
  { done }: Channel,
  { timeout, signal }: { timeout: number; signal: AbortSignal },
): Promise<'deadline' | 'interrupted' | null> {
  return new Promise((resolve) => {
    const aborted = (): void => settle('interrupted');
    const timer = setTimeout(() => settle('deadline'), Math.min(timeout, 2 ** 31 - 1));
    const settle = (cut: 'deadline' | 'interrupted' | null): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      resolve(cut);
    };
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
    done.then(() => settle(null));
  });
}

const SIGNALS = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** A shell has only one number for both: above 128 it is taken for a signal where there is one of that number. */
function endOf(status: number): { readonly exit: number | null; readonly signal: string | null } {
  const signal = status > 128 ? SIGNALS.get(status - 128) : undefined;
  return signal === undefined ? { exit: status, signal: null } : { exit: null, signal };
}

async function which(remote: Remote, name: string): Promise<string | null> {
  if (name === '' || name.includes('\0')) return null;
  const candidates = name.includes('/') ? [name] : FAR_PATH.split(':').map((folder) => `${folder}/${name}`);
  const script = `for p in ${candidates.map(word).join(' ')}; do [ -f "$p" ] && [ -x "$p" ] && readlink -f "$p" && exit; done; exit 1`;
  const answer = await remote.ask(script, { effect: 'read' });
  return answer.ok && answer.status === 0 ? answer.stdout.toString('utf8').replace(/\n$/, '') : null;
}
