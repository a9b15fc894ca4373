import { NO_FORK } from '../../model/host/no-fork.ts';
import { type Failure, failure } from '../../model/host.ts';
import { quoteWord } from '../../model/text/quote.ts';

/** Escaped: what ssh prints may come from the other end, banners and all. */
const printable = (text: string): string =>
  text.replace(/[^\x20-\x7e]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);

const LONGEST = 300;

/** The last line of ssh usually tells the reason. */
export function decisiveLine(stderr: string): string {
  const lines = stderr.split(/\r?\n/).map((line) => line.trim());
  const telling = lines.filter(
    (line) => line !== '' && !/^(Warning: Permanently added|debug\d:|\*\*|Pseudo-terminal)/.test(line),
  );
  return printable(telling.at(-1) ?? '').slice(0, LONGEST);
}

interface Cause {
  readonly code: 'host-key' | 'auth' | 'unreachable' | 'no-slots' | 'become';
  readonly says: RegExp;
  readonly sentence: (words: {
    readonly name: string;
    readonly match: RegExpExecArray;
    readonly stderr: string;
  }) => string;
}

const noProcess: Cause['sentence'] = ({ name }) =>
  `${name} cannot start another process: its process slots or its memory are used up; free some on its console`;

/** In this order: a changed key is followed by a line that sounds like a refused login. */
const CAUSES: readonly Cause[] = [
  {
    code: 'host-key',
    says: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    sentence: ({ name, stderr }) => changedKey(name, stderr),
  },
  {
    code: 'host-key',
    says: /REVOKED HOST KEY DETECTED/,
    sentence: ({ name }) =>
      `the key of ${name} has been revoked: nothing was sent to it; ask who runs the host which machine answers under this name`,
  },
  {
    code: 'host-key',
    says: /Host key verification failed|No \S+ host key is known for|authenticity of host .* can't be established/,
    sentence: ({ name }) =>
      `the key of ${name} is not known here: compare it with the host's own, then accept it once with: ssh ${name}`,
  },
  ...[...NO_FORK, /(exec|shell) request failed on channel/].map((says) => ({
    code: 'no-slots' as const,
    says,
    sentence: noProcess,
  })),
  {
    code: 'no-slots',
    says: /Session open refused|mux_client_request_session/,
    sentence: ({ name }) =>
      `${name} refuses another session on the connection (sshd's MaxSessions): do fewer things there at once`,
  },
  {
    code: 'auth',
    says: /Permission denied \(([^)]*)\)|Too many authentication failures|no more authentication methods|No supported authentication methods/,
    sentence: ({ name, match }) =>
      `${name} let nobody in${match[1] ? ` (it takes: ${printable(match[1])})` : ''}: is the key loaded (ssh-add -l), and the user right? Try: ssh ${name}`,
  },
  {
    code: 'auth',
    says: /UNPROTECTED PRIVATE KEY|bad permissions|Load key .*: (.*)/,
    sentence: ({ name, stderr }) => `the private key for ${name} cannot be used: ${decisiveLine(stderr)}`,
  },
  {
    code: 'unreachable',
    says: /Could not resolve hostname ([^:]*)/,
    sentence: ({ name, match }) => unresolved(name, match[1] ?? name),
  },
  {
    code: 'unreachable',
    says: /Connection refused/,
    sentence: ({ name }) =>
      `${name} is up, but nothing answers on its ssh port: is sshd running there, and the port right?`,
  },
  {
    code: 'unreachable',
    says: /(Connection|Operation) timed out|Timeout, server|not responding/,
    sentence: ({ name }) => `${name} does not answer: it is down, or something between drops what is sent to it`,
  },
  {
    code: 'unreachable',
    says: /No route to host|Network is unreachable/,
    sentence: ({ name }) => `there is no way to ${name}: it is down, or a network or VPN is`,
  },
  {
    code: 'unreachable',
    says: /kex_exchange_identification|Connection (closed|reset) by|banner exchange|Broken pipe/,
    sentence: ({ name, stderr }) =>
      `${name} took the connection and closed it again: its sshd is overloaded, out of process slots, or refuses this address (${decisiveLine(stderr)})`,
  },
];

/** The longest line that is read from ssh or a host. Longer lines only waste our time. */
const LINE = 500;

/** Why ssh ended before the far shell had answered. */
export function diagnoseSsh(name: string, said: string, became: string | null): Failure {
  const lines = said.split(/\r?\n/).map((line) => line.slice(0, LINE));
  const sudo = became === null ? undefined : lines.find(isSudos);
  if (became !== null && sudo !== undefined)
    return failure('become', unprivileged(name, became, printable(sudo).slice(0, LONGEST)));
  const stderr = lines.join('\n');
  for (const { code, says, sentence } of CAUSES) {
    const match = says.exec(stderr);
    if (match !== null) return failure(code, sentence({ name, match, stderr }));
  }
  const line = decisiveLine(stderr);
  return failure(
    'unreachable',
    `ssh to ${name} ended${line === '' ? ' without a word' : `: ${line}`}; try: ssh ${name}`,
  );
}

/** sudo also warns, and goes on. */
function isSudos(line: string): boolean {
  if (line.startsWith('sudo: ')) return !line.startsWith('sudo: unable to resolve host');
  return (
    line.includes(' is not in the sudoers file') ||
    /^Sorry, user .* is not allowed/.test(line) ||
    line.endsWith('exec: sudo: not found')
  );
}

function unprivileged(name: string, user: string, line: string): string {
  if (/password is required|terminal is required|no password was provided/.test(line))
    return `sudo on ${name} wants the password of ${user}: give it (--ask-become-password), or allow ${user} sudo without one`;
  if (/not found/.test(line)) return `there is no sudo on ${name}: log in as root there, or install it`;
  return `sudo on ${name} does not let ${user} become root: ${line.replace(/^sudo: /, '')}`;
}

/**
 * As ssh tells it: the file and the line of the key that was known. No other file: what a host prints comes the same
 * way, and the line is to be taken out.
 */
function changedKey(name: string, stderr: string): string {
  const known = /Offending (?:\S+ )?key in (\S*known_?hosts\d?):(\d{1,7})\s/.exec(stderr);
  const fingerprint = /\b(SHA256:[A-Za-z0-9+/]{20,64})/.exec(stderr);
  const where = known === null ? '' : ` (known: line ${known[2]} of ${printable(known[1] ?? '')})`;
  const answered = fingerprint === null ? '' : `; what answers has ${fingerprint[1]}`;
  return `the key of ${name} has changed${where}${answered}: nothing was sent to it. Was it built anew? Then take the line out: ${forget(known, name)}. Else somebody may be in between`;
}

const forget = (known: RegExpExecArray | null, name: string): string =>
  known === null ? `ssh-keygen -R ${name}` : `sed -i ${known[2]}d ${quoteWord(printable(known[1] ?? ''))}`;

const unresolved = (name: string, host: string): string =>
  host === name
    ? `the name ${name} leads nowhere: it is in no ssh configuration and no DNS`
    : `${printable(host)}, the address of ${name}, leads nowhere in DNS`;
