/**
 * Crontabs as people and packages leave them, each with what Debian's cron 3.0pl1 makes of it and what we say of it.
 * The lab asks the real cron of every row (test/lab/crontab-oddities.lab.ts), `npm test` reads the same rows without it
 * (test/verbs/cron/crontab-oddities.test.ts).
 */
export interface Oddity {
  /** What is odd. */
  readonly odd: string;
  readonly in: 'users' | 'cron.d';
  /** latin1; `u` is the row's own user. */
  readonly text: (u: string) => string;
  /** In /etc/cron.d. */
  readonly name?: string;
  readonly mode?: number;
  /** The owner of the file, where it is not the one that is right; `user`: the row's own. */
  readonly of?: 'user' | 'other' | 'root';
  readonly links?: 2;
  readonly type?: 'symlink' | 'foreign-symlink' | 'directory';
  /** Why cron leaves the whole file out: a piece of what it logs, and our words. Absent: it takes the file. */
  readonly ignored?: { readonly log: string | null; readonly we: string };
  /** What `crontab -n` says of the text, where it is not what cron says: it takes it, or why not. */
  readonly install?: 'takes' | string;
  /** Whom cron mails each minute what the jobs print; `u` is the row's own user. */
  readonly mails: readonly string[];
  /** Whom we say, where we cannot know and are careful. */
  readonly careful?: readonly string[];
}

const J = '* * * * *';
const SYNTAX = 'Syntax error, this crontab file will be ignored';
const END = 'Missing newline before EOF, this crontab file will be ignored';
const bad = (line: number, reason: string) => ({ log: SYNTAX, we: `cron does not understand line ${line}: ${reason}` });
const unfinished = (line: number) => ({
  log: END,
  we: `cron does not understand line ${line}: missing newline before the end of the file`,
});
const echo = (bytes: number) => `echo ${'x'.repeat(bytes - 5)}`;

const USERS: readonly Omit<Oddity, 'in'>[] = [
  { odd: 'a comment without a newline at the end', text: () => `${J} echo a\n# end`, mails: ['u'] },
  { odd: 'blanks without a newline at the end', text: () => `${J} echo a\n \t `, mails: ['u'] },
  {
    odd: 'a job without a newline at the end',
    text: () => `${J} echo a\n${J} echo b`,
    ignored: unfinished(2),
    mails: [],
  },
  {
    odd: 'an assignment without a newline at the end',
    text: () => `${J} echo a\nA=b`,
    ignored: unfinished(2),
    mails: [],
  },
  { odd: 'an empty file', text: () => '', mails: [] },
  { odd: 'a command of 998 bytes', text: () => `${J} ${echo(998)}\n`, mails: ['u'] },
  {
    odd: 'a command of 999 bytes',
    text: () => `${J} echo a\n${J} ${echo(999)}\n`,
    ignored: bad(2, 'command too long'),
    mails: [],
  },
  {
    odd: 'an assignment of 2000 bytes, which is cut',
    text: () => `A=${'x'.repeat(2000)}\n${J} echo a\n`,
    mails: ['u'],
  },
  {
    odd: 'an assignment of 2000 bytes in quotes',
    text: () => `A="${'x'.repeat(2000)}"\n`,
    ignored: bad(1, 'bad minute'),
    mails: [],
  },
  {
    odd: 'a NUL in a command: the rest is the next line',
    text: () => `${J} echo a\0MAILTO=other\n${J} echo b\n`,
    mails: ['u', 'other'],
  },
  {
    odd: 'a NUL where a line begins',
    text: () => `${J} echo a\n\0${J} echo b\n`,
    ignored: bad(2, 'bad minute'),
    mails: [],
  },
  { odd: 'a NUL in a comment', text: () => `# a\0b\n${J} echo a\n`, mails: ['u'] },
  {
    odd: 'a NUL in an assignment',
    text: () => `MAILTO=other\0 and more\n${J} echo a\n`,
    ignored: bad(2, 'bad minute'),
    mails: [],
  },
  { odd: 'a NUL at the very end, in the place of the newline', text: () => `${J} echo a\0`, mails: ['u'] },
  { odd: 'two addresses with a blank', text: () => `MAILTO=a@x, b@x\n${J} echo a\n`, mails: [] },
  { odd: 'two addresses without one', text: () => `MAILTO=a@x,b@x\n${J} echo a\n`, mails: ['a@x,b@x'] },
  { odd: 'a comment behind MAILTO', text: () => `MAILTO=root # me\n${J} echo a\n`, mails: [] },
  { odd: 'an address that begins with a sign', text: () => `MAILTO=_ops@x\n${J} echo a\n`, mails: [] },
  {
    odd: 'an address with a plus and a slash',
    text: () => `MAILTO=ops+cron/x=y@x.example\n${J} echo a\n`,
    mails: ['ops+cron/x=y@x.example'],
  },
  { odd: 'an address with a letter that is not ASCII', text: () => `MAILTO=zo\xc3\xab\n${J} echo a\n`, mails: [] },
  { odd: 'an assignment that ends in the byte A0', text: () => `MAILTO=voil\xc3\xa0\n${J} echo a\n`, mails: [] },
  { odd: 'a variable behind MAILTO', text: () => `MAILTO=$LOGNAME\n${J} echo a\n`, mails: [] },
  { odd: 'MAILTO in two pairs of quotes', text: () => `MAILTO="'other'"\n${J} echo a\n`, mails: ['other'] },
  { odd: 'MAILTO of quotes alone in quotes', text: () => `MAILTO="''"\n${J} echo a\n`, mails: [] },
  {
    odd: 'MAILTO with blanks at the end of its quotes',
    text: () => `MAILTO="other  "\n${J} echo a\n`,
    mails: ['other'],
  },
  {
    odd: 'MAILTO with blanks at the beginning of its quotes',
    text: () => `MAILTO="  other"\n${J} echo a\n`,
    mails: [],
  },
  { odd: 'MAILTO with nothing behind', text: () => `MAILTO=\n${J} echo a\n`, ignored: bad(1, 'bad minute'), mails: [] },
  { odd: 'a MAILTO of no case that counts', text: () => `mailto=other\nMailTo=other\n${J} echo a\n`, mails: ['u'] },
  {
    odd: 'blanks around the equals sign, and before',
    text: () => ` \tMAILTO \t=\t other \n${J} echo a\n`,
    mails: ['other'],
  },
  { odd: 'a name in quotes', text: () => `"MAILTO"='other'\n${J} echo a\n`, mails: ['other'] },
  {
    odd: 'export before an assignment',
    text: () => `export MAILTO=other\n${J} echo a\n`,
    ignored: bad(1, 'bad minute'),
    mails: [],
  },
  { odd: 'MAILTO below the job', text: () => `${J} echo a\nMAILTO=other\n`, mails: ['u'] },
  { odd: 'MAILTO before the command', text: () => `${J} MAILTO=other echo a\n`, mails: ['u'] },
  {
    odd: 'LOGNAME and USER set to somebody else',
    text: () => `LOGNAME=other\nUSER=other\n${J} echo a\n`,
    mails: ['u'],
  },
  {
    odd: 'MAILFROM and a content type',
    text: () => `MAILFROM=other\nCONTENT_TYPE=text/html\n${J} echo a\n`,
    mails: ['u'],
  },
  { odd: 'lines that end as on Windows', text: () => `MAILTO=other\r\n${J} echo a\r\n`, mails: ['other'] },
  { odd: 'an empty line as on Windows', text: () => `${J} echo a\r\n\r\n`, ignored: bad(2, 'bad minute'), mails: [] },
  { odd: 'a redirection that ends as on Windows', text: () => `${J} echo a >/dev/null 2>&1\r\n`, mails: ['u'] },
  { odd: 'a byte order mark', text: () => `\xef\xbb\xbf${J} echo a\n`, ignored: bad(1, 'bad minute'), mails: [] },
  {
    odd: 'a byte order mark before a comment',
    text: () => `\xef\xbb\xbf# jobs\n${J} echo a\n`,
    ignored: bad(1, 'bad minute'),
    mails: [],
  },
  {
    odd: 'a byte order mark before an assignment',
    text: () => `\xef\xbb\xbfMAILTO=other\n${J} echo a\n`,
    mails: ['u'],
  },
  { odd: 'a no-break space between the fields', text: () => `*\xc2\xa0* * * * * echo a\n`, mails: ['u'] },
  { odd: 'the byte FF behind a field', text: () => `*\xff * * * * echo a\n`, ignored: bad(1, 'bad minute'), mails: [] },
  {
    odd: 'a command that begins with the byte FF',
    text: () => `${J} \xff\n`,
    ignored: bad(1, 'bad day-of-week'),
    mails: [],
  },
  { odd: 'bytes that are no text in a command', text: () => `${J} echo \xe9\xff\n`, mails: ['u'] },
  { odd: 'tabs and blanks before a job', text: () => `\t \t* *\t* *  * \techo a\n`, mails: ['u'] },
  { odd: 'a form feed before a job', text: () => `\f${J} echo a\n`, ignored: bad(1, 'bad minute'), mails: [] },
  { odd: 'a minus before a job', text: () => `-${J} echo a\n`, ignored: bad(1, 'bad minute'), mails: [] },
  {
    odd: 'one bad line in the middle',
    text: () => `${J} echo a\nnonsense\n${J} echo b\n`,
    ignored: bad(2, 'bad minute'),
    mails: [],
  },
  { odd: 'a step of nothing', text: () => `*/0 * * * * echo a\n`, ignored: bad(1, 'bad minute'), mails: [] },
  { odd: 'a minute 60', text: () => `60 * * * * echo a\n`, ignored: bad(1, 'bad minute'), mails: [] },
  { odd: 'an hour 24', text: () => `* 24 * * * echo a\n`, ignored: bad(1, 'bad hour'), mails: [] },
  { odd: 'a day 0', text: () => `* * 0 * * echo a\n`, ignored: bad(1, 'bad day-of-month'), mails: [] },
  { odd: 'a month 13', text: () => `* * * 13 * echo a\n`, ignored: bad(1, 'bad month'), mails: [] },
  { odd: 'a weekday 8', text: () => `* * * * 8 echo a\n`, ignored: bad(1, 'bad day-of-week'), mails: [] },
  { odd: 'a range that runs backwards: never due', text: () => `59-0 * * * * echo a\n${J} echo b\n`, mails: ['u'] },
  {
    odd: 'a step behind a single number',
    text: () => `0/1 * * * * echo a\n`,
    ignored: bad(1, 'bad minute'),
    mails: [],
  },
  { odd: 'signs behind a star', text: () => `*5 *x *-2 *~ *? echo a\n`, mails: ['u'] },
  { odd: 'a tilde, cronie’s random minute', text: () => `0~59 * * * * echo a\n${J} echo b\n`, mails: ['u'] },
  {
    odd: 'a blank behind a comma',
    text: () => `0-30, 31-59 * * * * echo a\n`,
    ignored: bad(1, 'bad minute'),
    mails: [],
  },
  { odd: 'names of months and days', text: () => `* * * Jan-DEC sun-Sat echo a\n`, mails: ['u'] },
  { odd: 'a full name of a day', text: () => `* * * * monday echo a\n`, ignored: bad(1, 'bad day-of-week'), mails: [] },
  { odd: 'Sunday as 0 and as 7', text: () => `* * * * 0-6 echo a\n* * * * 1-7 echo b\n`, mails: ['u'] },
  { odd: 'a number beyond 32 bits: C cuts it', text: () => `*/4294967297 * * * * echo a\n`, mails: ['u'] },
  {
    odd: 'a question mark, as in Quartz',
    text: () => `* * ? * * echo a\n`,
    ignored: bad(1, 'bad day-of-month'),
    mails: [],
  },
  { odd: 'six fields', text: () => `${J} * echo a\n`, ignored: bad(1, 'bad command'), mails: [] },
  { odd: 'four fields and a command', text: () => `* * * * echo a\n`, ignored: bad(1, 'bad day-of-week'), mails: [] },
  { odd: 'no command', text: () => `${J}\n${J} echo b\n`, mails: ['u'] },
  { odd: '@daily alone', text: () => `@daily\n${J} echo b\n`, mails: ['u'] },
  { odd: '@reboot with a star behind', text: () => `@reboot * echo a\n`, ignored: bad(1, 'bad command'), mails: [] },
  { odd: '@every', text: () => `@every 5m echo a\n`, ignored: bad(1, 'bad time specifier'), mails: [] },
  { odd: '@Daily, a capital letter', text: () => `@Daily echo a\n`, ignored: bad(1, 'bad time specifier'), mails: [] },
  { odd: 'a user behind the fields, as in /etc/crontab', text: () => `${J} root echo a\n`, mails: ['u'] },
  {
    odd: 'a line that goes on in the next one',
    text: () => `${J} echo a \\\n  b\n`,
    ignored: bad(2, 'bad minute'),
    mails: [],
  },
  { odd: 'an escaped percent sign', text: () => `${J} test a\\%b = 'a%b' || echo a\n`, mails: ['u'] },
  { odd: 'a backslash that is escaped before a percent sign', text: () => `${J} cat; : \\\\%input\n`, mails: ['u'] },
  { odd: 'silent up to the percent sign', text: () => `${J} cat >/dev/null 2>&1%echo a\n`, mails: [] },
  { odd: 'a redirection behind the percent sign is input', text: () => `${J} cat%a >/dev/null 2>&1\n`, mails: ['u'] },
  { odd: 'a comment behind the command is the shell’s', text: () => `${J} echo a # >/dev/null 2>&1\n`, mails: ['u'] },
  {
    odd: 'two redirections that an escaped backslash makes one word',
    text: () => `${J} echo a \\\\>/dev/null 2>&1\n`,
    mails: ['u'],
  },
  {
    odd: 'a shell that is not there',
    text: () => `SHELL=/bin/nosuch\n${J} echo a >/dev/null 2>&1\n`,
    mails: [],
    careful: ['u'],
  },
  { odd: 'a shell without its folder', text: () => `SHELL=sh\n${J} echo a >/dev/null 2>&1\n`, mails: [] },
  { odd: 'a shell in quotes', text: () => `SHELL="/bin/bash"\n${J} echo a &>/dev/null\n`, mails: [] },
  { odd: 'a PATH of nothing', text: () => `PATH=/nowhere\n${J} ls\n`, mails: ['u'] },
  {
    odd: 'mode 0644',
    text: () => `${J} echo a\n`,
    mode: 0o644,
    ignored: { log: 'INSECURE MODE', we: 'its mode is 0644' },
    mails: [],
  },
  {
    odd: 'mode 0400',
    text: () => `${J} echo a\n`,
    mode: 0o400,
    ignored: { log: 'INSECURE MODE', we: 'its mode is 0400' },
    mails: [],
  },
  {
    odd: 'it belongs to another user',
    text: () => `${J} echo a\n`,
    of: 'other',
    ignored: { log: 'WRONG FILE OWNER', we: 'it has the wrong owner' },
    mails: [],
  },
  { odd: 'it belongs to root', text: () => `${J} echo a\n`, of: 'root', mails: ['u'] },
  {
    odd: 'two hard links',
    text: () => `${J} echo a\n`,
    links: 2,
    ignored: { log: 'NUMBER OF HARD LINKS', we: 'its link count is 2' },
    mails: [],
  },
  {
    odd: 'a link that root made',
    text: () => `${J} echo a\n`,
    type: 'symlink',
    ignored: { log: "CAN'T OPEN", we: 'it is a link' },
    mails: [],
  },
  { odd: 'a folder', text: () => '', type: 'directory', ignored: { log: 'NOT A REGULAR FILE', we: '' }, mails: [] },
  { odd: '10 000 lines', text: () => `${'#\n'.repeat(9999)}${J} echo a\n`, mails: ['u'] },
  {
    odd: 'a job in line 10 003',
    text: () => `${'#\n'.repeat(10_002)}${J} echo a\n`,
    install: 'crontab is too long',
    mails: ['u'],
  },
  {
    odd: 'a job in line 10 004',
    text: () => `${'#\n'.repeat(10_003)}${J} echo a\n`,
    install: 'crontab is too long',
    ignored: {
      log: 'crontab must not be longer than 10000 lines',
      we: 'cron does not understand line 10004: the crontab is longer than 10000 lines',
    },
    mails: [],
  },
  {
    odd: '12 000 lines of comments at the end',
    text: () => `${J} echo a\n${'#\n'.repeat(12_000)}`,
    install: 'crontab is too long',
    mails: ['u'],
  },
];

const SYSTEM: readonly Omit<Oddity, 'in'>[] = [
  {
    odd: 'an unknown user',
    text: (u) => `${J} ${u} echo a\n${J} nosuch echo b\n`,
    ignored: bad(2, 'bad username'),
    mails: [],
  },
  {
    odd: 'no user: the command is taken for one',
    text: () => `${J} /usr/bin/test -x /bin/echo\n`,
    ignored: bad(1, 'bad username'),
    mails: [],
  },
  {
    odd: 'a user and no command',
    text: (u) => `${J} ${u}\n${J} ${u} echo b\n`,
    ignored: bad(1, 'bad username'),
    mails: [],
  },
  { odd: 'a user, a blank and no command', text: (u) => `${J} ${u} \n${J} ${u} echo b\n`, mails: ['u'] },
  { odd: 'a uid in the place of the name', text: () => `${J} 0 echo a\n`, ignored: bad(1, 'bad username'), mails: [] },
  { odd: 'a star in the place of the name', text: () => `${J} * echo a\n`, ignored: bad(1, 'bad username'), mails: [] },
  {
    odd: '@daily without a user',
    text: () => '@daily\n',
    ignored: bad(1, 'bad username'),
    mails: [],
  },
  { odd: 'a system job that does not end', text: (u) => `${J} ${u} echo a`, ignored: unfinished(1), mails: [] },
  { odd: 'a comment that does not end', text: (u) => `${J} ${u} echo a\n# end`, mails: ['u'] },
  { odd: 'MAILTO for all of a package', text: (u) => `MAILTO=other\n${J} ${u} echo a\n`, mails: ['other'] },
  { odd: 'SHELL in a package', text: (u) => `SHELL=/bin/bash\n${J} ${u} echo a &>/dev/null\n`, mails: [] },
  {
    odd: 'a name with a dot',
    name: 'odd.cron',
    text: (u) => `${J} ${u} echo a\n`,
    ignored: { log: null, we: 'its name has more than letters, digits, - and _' },
    mails: [],
  },
  {
    odd: 'a backup of an editor',
    name: 'odd~',
    text: (u) => `${J} ${u} echo a\n`,
    ignored: { log: null, we: 'its name has more than letters, digits, - and _' },
    mails: [],
  },
  {
    odd: 'what dpkg left',
    name: 'odd.dpkg-dist',
    text: (u) => `${J} ${u} echo a\n`,
    ignored: { log: null, we: 'its name has more than letters, digits, - and _' },
    mails: [],
  },
  { odd: 'a hidden file', name: '.odd', text: (u) => `${J} ${u} echo a\n`, ignored: { log: null, we: '' }, mails: [] },
  { odd: 'a name in capitals', name: 'UPPER_Case-1', text: (u) => `${J} ${u} echo a\n`, mails: ['u'] },
  { odd: 'a name that begins with a minus', name: '-odd', text: (u) => `${J} ${u} echo a\n`, mails: ['u'] },
  {
    odd: 'group may write',
    text: (u) => `${J} ${u} echo a\n`,
    mode: 0o664,
    ignored: { log: 'INSECURE MODE', we: 'its mode is 0664' },
    mails: [],
  },
  {
    odd: 'everybody may write',
    text: (u) => `${J} ${u} echo a\n`,
    mode: 0o666,
    ignored: { log: 'INSECURE MODE', we: 'its mode is 0666' },
    mails: [],
  },
  { odd: 'a program by its mode', text: (u) => `${J} ${u} echo a\n`, mode: 0o755, mails: ['u'] },
  { odd: 'nobody may read it but root', text: (u) => `${J} ${u} echo a\n`, mode: 0o000, mails: ['u'] },
  {
    odd: 'a package’s file that a user owns',
    text: (u) => `${J} ${u} echo a\n`,
    of: 'user',
    ignored: { log: 'WRONG FILE OWNER', we: 'it has the wrong owner' },
    mails: [],
  },
  {
    odd: 'a package’s file with two hard links',
    text: (u) => `${J} ${u} echo a\n`,
    links: 2,
    ignored: { log: 'NUMBER OF HARD LINKS', we: 'its link count is 2' },
    mails: [],
  },
  { odd: 'a link of root to a file of root', text: (u) => `${J} ${u} echo a\n`, type: 'symlink', mails: ['u'] },
  {
    odd: 'a link that a user made',
    text: (u) => `${J} ${u} echo a\n`,
    type: 'foreign-symlink',
    ignored: { log: 'WRONG SYMLINK OWNER', we: 'it is a link that is not of root' },
    mails: [],
  },
  {
    odd: 'a folder in /etc/cron.d',
    text: () => '',
    type: 'directory',
    ignored: { log: 'NOT A REGULAR FILE', we: 'it is no regular file' },
    mails: [],
  },
];

export const ODDITIES: readonly Oddity[] = [
  ...USERS.map((row) => ({ ...row, in: 'users' as const })),
  ...SYSTEM.map((row) => ({ ...row, in: 'cron.d' as const })),
];

/** The row's own user. */
export const userOf = (index: number): string => `o${index}`;
export const uidOf = (index: number): number => 3000 + index;
export const OTHER = 1502;

export function pathOf(row: Oddity, index: number): string {
  return row.in === 'users' ? `/var/spool/cron/crontabs/${userOf(index)}` : `/etc/cron.d/${row.name ?? `odd-${index}`}`;
}

export function ownerUid(row: Oddity, index: number): number {
  if (row.of === 'other') return OTHER;
  if (row.of === 'root') return 0;
  return row.of === 'user' || row.in === 'users' ? uidOf(index) : 0;
}

export const modeOf = (row: Oddity): number => row.mode ?? (row.in === 'users' ? 0o600 : 0o644);
export const recipientsOf = (row: Oddity, index: number): readonly string[] => named(row.mails, index);
export const saidRecipients = (row: Oddity, index: number): readonly string[] => named(row.careful ?? row.mails, index);
const named = (mails: readonly string[], index: number) =>
  mails.map((to) => (to === 'u' ? userOf(index) : to)).toSorted();
