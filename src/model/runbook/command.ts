import type { Captured, CommandRequest } from '../host.ts';
import { isObject, type Json } from '../json.ts';
import { isSecretReference, parseSecretSource, type SecretReference } from '../secret.ts';
import { base64Of, latin1Of, latin1OfText, shownText } from '../text/bytes.ts';
import { commandLine, quoteWord } from '../text/quote.ts';
import { withoutEnd } from '../text/trim.ts';
import * as shape from './shape.ts';

/** Linux takes no single argument or variable above 128 KiB (MAX_ARG_STRLEN, execve(2)). */
const LONGEST = 128 * 1024 - 1;

const whole = { 'x-param': shape.PARAMETER_TYPES.filter((type) => type !== 'list' && type !== 'secret') };
/** Any parameter and any finding may go here: it is no part of a command line, and no other user can read it. */
const apart = (about: string) =>
  shape.form<Json>(
    shape.text(about, {
      'x-param': [...shape.PARAMETER_TYPES],
      'x-step': ['cron_jobs', 'disk', 'files', 'processes', 'run', 'service', 'text'],
    }),
  );

/** The argument of `run`, as a probe and as an action: what is data stays one word, never a part of a command line. */
export const commandKeys = <const E extends 'read' | 'write'>(...effects: readonly E[]) => ({
  argv: shape.list(
    'The program and its arguments, one item each; no shell. A parameter is one whole item.',
    shape.text('One argument.', whole),
    { minItems: 1 },
  ),
  shell: shape.form<string>({
    type: 'string',
    description: 'A text for /bin/sh. Parameters and findings reach it through `env` only, as "$NAME".',
  }),
  effect: shape.word(
    'Whether it changes anything. `read` is the author’s word: the tool cannot verify it.',
    ...effects,
  ),
  env: shape.mapOf('Environment variables, in addition to PATH; a finding comes as JSON.', apart('The value.'), {
    propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
  }),
  stdin: apart('What it reads on standard input; nothing unless given. A finding comes as JSON.'),
  timeout: shape.byDefault(
    '1m',
    shape.quantity('duration', 'It is ended, with everything that it started, after this time. Default 1m.'),
  ),
});
/** Of either kind. */
export const COMMAND = shape.object('A command.', commandKeys('read', 'write'), ['effect']);

/** All but those of a command that could not be run. */
export const ANY_EXIT = 'any';
/** The argument of the probe `run`. */
export const COMMAND_LOOK = shape.exactlyOne(
  shape.object(
    'A command that only reads.',
    {
      ...commandKeys('read'),
      exits_that_answer: shape.either(
        'The exit statuses that are an answer: a list, or `any` for all but 126 and 127. With every other one the finding is unknown. Default: 0 alone; `any` where an `expect`, `when` or `hold` judges `exit`.',
        shape.literal(shape.word('All but 126 and 127, and of a shell text those of a signal.', ANY_EXIT)),
        shape.list(
          'Exit statuses.',
          shape.form<number>({ type: 'integer', minimum: 0, maximum: 255, description: 'An exit status.' }),
          { minItems: 1 },
        ),
      ),
    },
    ['effect'],
  ),
  'argv',
  'shell',
);

/** The request that the argument means. A text tells why it cannot be made. */
export function commandRequest({
  argv = [],
  shell,
  effect,
  env = {},
  stdin,
  timeout,
}: shape.Infer<typeof COMMAND>): CommandRequest | string {
  const words = shell === undefined ? argv : ['/bin/sh', '-c', shell];
  const variables = Object.entries(env).flatMap(([name, value]) =>
    isSecretReference(value) ? [] : [[name, asWord(value)] as const],
  );
  const wrong = [...words, ...variables.map(([, value]) => value)].find(
    (word) => word.includes('\0') || word.length > LONGEST,
  );
  if (wrong !== undefined)
    return wrong.includes('\0') ? 'an argument holds a NUL byte' : 'an argument or variable is longer than 128 KiB';
  if (words.length === 0 || words[0] === '') return 'no program is named';
  return {
    argv: words,
    effect: effect === 'read' ? 'read' : 'write',
    timeout,
    ...(variables.length > 0 ? { env: Object.fromEntries(variables) } : {}),
    ...(stdin === undefined || isSecretReference(stdin) ? {} : { stdin: base64Of(latin1OfText(asWord(stdin))) }),
    ...secretsFor(env, stdin),
  };
}

function secretsFor(given: Readonly<Record<string, Json>>, stdin: Json | undefined): Pick<CommandRequest, 'secrets'> {
  const env = Object.entries(given).flatMap(([name, value]) =>
    isSecretReference(value) ? [[name, value] as const] : [],
  );
  if (env.length === 0 && !isSecretReference(stdin)) return {};
  return {
    secrets: { ...(env.length > 0 && { env: Object.fromEntries(env) }), ...(isSecretReference(stdin) && { stdin }) },
  };
}

/** A step's finding, a list: as JSON. */
function asWord(value: Json): string {
  if (typeof value === 'string') return value;
  return isObject(value) && '$step' in value ? JSON.stringify(value.found) : JSON.stringify(value);
}

/** What a person would type. */
export function explainCommand(request: CommandRequest | string): readonly string[] {
  if (typeof request === 'string') return [];
  const { env = {}, argv, stdin, secrets } = request;
  const variables = Object.entries(env).map(([name, value]) => `${name}=${quoteWord(value)}`);
  const hidden = Object.entries(secrets?.env ?? {}).map(([name, secret]) => `${name}="${printedBy(secret)}"`);
  const line = [...variables, ...hidden, commandLine(argv)].join(' ');
  if (secrets?.stdin) return [`printf %s "${printedBy(secrets.stdin)}" | ${line}`];
  return [stdin === undefined ? line : `printf %s ${quoteWord(shownText(latin1Of(stdin)))} | ${line}`];
}

/** How a shell gets the secret without showing it. */
function printedBy({ from }: SecretReference): string {
  const source = parseSecretSource(from);
  if (source?.kind === 'env') return `$${source.name}`;
  return `$(${source?.kind === 'command' ? commandLine(source.argv) : commandLine(['cat', source?.path ?? from])})`;
}

/** The output's lines for a screen: the last ones, where errors are. */
export function lastLines(captured: Captured, most = 20): readonly string[] {
  const lines = withoutEnd(captured.dropped === 0 ? captured.head + captured.tail : captured.tail, '\n').split('\n');
  const shown = lines.slice(-most).filter((line, at, all) => line !== '' || all.length > 1 || at > 0);
  return lines.length > most || captured.dropped > 0 ? ['…', ...shown] : shown;
}
