import { dirname, isAbsolute, join, resolve } from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

/** Variables that can load somebody's code: search paths of Python, of the linker and of Ansible. Taken out. */
const CODE =
  /^(?:PYTHON(?!UTF8$|IOENCODING$|UNBUFFERED$)|LD_|ANSIBLE_\w*(?:PLUGINS|LIBRARY|PATH|PATHS|HOME|MODULE_UTILS)$)/;

export const namesCode = (name: string): boolean => CODE.test(name);

/** Of a configuration, and of the environment: folders of plug-ins, and programs that print a vault's password. */
const KEYS = /^(?:\w*(?:plugins|path|paths)|library|module_utils|vault_password_file|vault_identity_list|home)$/;
const VARIABLES = ['ANSIBLE_VAULT_PASSWORD_FILE', 'ANSIBLE_VAULT_IDENTITY_LIST'];
/** Below the home: looked into whatever the configuration says. The last is Python's own. */
const AT_HOME = ['.ansible/plugins', '.ansible/collections', '.ansible/roles', '.local/lib'];

export interface Configuration {
  readonly path: string;
  readonly text: string;
}

/** Files and folders from which ansible-inventory would run code: whoever can write there is run by us. */
export function codePlaces(env: Env, config: Configuration | null, uid: number): readonly string[] {
  const { HOME: home } = env;
  const named = config === null ? [] : placesIn(config, home);
  const vault = VARIABLES.flatMap((name) => pathsIn(env[name] ?? '', { home, from: '/' }));
  // An ordinary user's home is his own; root may have come with somebody else's.
  const atHome = home === undefined || uid !== 0 ? [] : AT_HOME.map((name) => join(home, name));
  return [...new Set([...named, ...vault, ...atHome])];
}

function placesIn({ path, text }: Configuration, home: string | undefined): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const [, key = '', value = ''] = /^\s*(\w+)\s*[=:]\s*(\S.*)$/.exec(line) ?? [];
    return KEYS.test(key.toLowerCase()) ? pathsIn(value, { home, from: dirname(path) }) : [];
  });
}

/** A list with colons or commas; `label@path` of a vault. */
function pathsIn(
  value: string,
  { home, from }: { readonly home: string | undefined; readonly from: string },
): readonly string[] {
  return value
    .split(/[:,]/)
    .map((each) => each.trim().replace(/^[^/@]*@/, ''))
    .filter((each) => each !== '' && each !== 'prompt')
    .map((each) => each.replace(/^(?:~|\$HOME|\$\{HOME\})(?=\/|$)/, home ?? '~'))
    .map((each) => (isAbsolute(each) ? each : resolve(from, each)));
}
