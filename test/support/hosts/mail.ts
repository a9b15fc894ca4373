/** A record of Postfix's queue files: a type, the length in groups of seven bits, the bytes (latin1). */
export function record(type: string, data = ''): string {
  let length = '';
  let rest = data.length;
  do {
    length += String.fromCharCode((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>= 7;
  } while (rest > 0);
  return type + length + data;
}

/** A message as postdrop leaves it in maildrop. `lines`: header, an empty line, body. */
export function queueFile(lines: readonly string[], { sender = 'root', end = true } = {}): Buffer {
  const envelope = [
    record('T', '1796116568 494497'),
    record('A', 'rewrite_context=local'),
    record('S', sender),
    record('R', 'root'),
  ];
  const content = lines.flatMap((line) => pieces(line));
  return Buffer.from(
    [...envelope, record('M'), ...content, ...(end ? [record('X'), record('E')] : [])].join(''),
    'latin1',
  );
}

/** Postfix cuts lines at 2048 bytes. */
function pieces(line: string): readonly string[] {
  const cut = line.match(/[\s\S]{1,2048}/g) ?? [''];
  return cut.map((piece, at) => record(at < cut.length - 1 ? 'L' : 'N', piece));
}

/** As Debian's cron writes it; `more` stands above the empty line. */
export function cronLines(
  user: string,
  { from = 'root (Cron Daemon)', host = 'lab', command = '/bin/echo ok', more = [] as readonly string[] } = {},
) {
  return [
    `From: ${from}`,
    `To: ${user}`,
    `Subject: Cron <${user}@${host}> ${command}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=UTF-8',
    'X-Cron-Env: <SHELL=/bin/sh>',
    ...more,
    '',
    'ok',
  ];
}

export const cronMail = (user: string, how: Parameters<typeof cronLines>[1] = {}): Buffer =>
  queueFile(cronLines(user, how), { sender: user });
export const shopMail = (subject = 'Your order 4711', body: readonly string[] = ['Thank you.']): Buffer =>
  queueFile(['From: shop@example.com', 'To: buyer@example.com', `Subject: ${subject}`, '', ...body], {
    sender: 'www-data',
  });
