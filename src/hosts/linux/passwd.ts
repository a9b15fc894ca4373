/** passwd(5). The first line for an id wins, as getpwuid(3) has it. */
export function parsePasswd(text: string): Readonly<Record<string, string>> {
  const users: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [name, , uid] = line.split(':');
    if (name && uid && /^\d+$/.test(uid)) users[uid] ??= name;
  }
  return users;
}

/** The ids of these users; numbers are their own. */
export function idsAmong(passwd: Readonly<Record<string, string>>, users: readonly string[]): readonly number[] {
  const ids = Object.entries(passwd).flatMap(([uid, name]) => (users.includes(name) ? [Number(uid)] : []));
  return [...ids, ...users.filter((user) => /^\d+$/.test(user)).map(Number)];
}
