import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Holds } from '../../src/model/host/holds.ts';
import type { Aside } from '../../src/model/host.ts';
import { cronLines, cronMail, queueFile, record, shopMail } from '../support/hosts/mail.ts';
import type { FilesUnderTest } from './files.ts';

const OPTIONS = {
  batch: 1000,
  limit: Number.POSITIVE_INFINITY,
  signal: new AbortController().signal,
  progress: () => {},
};

/** What runbooks/cron-mail-storm.yaml says of cron's mail. */
export const OF_CRON: Holds = {
  format: 'postfix',
  header: [
    { subject: '^Cron <(?<owner>[^<>@]+)@[^<>]+> ', from: '\\(Cron Daemon\\)' },
    { subject: '^Cron <(?<owner>[^<>@]+)@[^<>]+> ', 'x-cron-env': '^<' },
    { subject: "^Anacron job '", from: '^Anacron <(?<owner>[^<>@]+)>$' },
  ],
  without: ['received'],
};

type Make = Parameters<FilesUnderTest['make']>[1];

/** Everything here is the running user's, so another user's name in a header is not the owner's. */
export function holdsContract(adapter: string, make: (test: TestContext) => FilesUnderTest): void {
  /** Lists and deletes; what is told both times, and what is left. */
  async function swept(on: FilesUnderTest, files: Readonly<Record<string, Make>>, holds = OF_CRON) {
    for (const [name, entry] of Object.entries(files)) on.make(name, { mode: 0o700, ...entry });
    const list = await on.files.list({ in: on.folder, type: ['file'], holds }, { sample: 2000 });
    assert.ok(list.ok, JSON.stringify(list));
    const result = await on.files.delete(list.handle, OPTIONS);
    assert.ok(result.ok, JSON.stringify(result));
    assert.deepEqual(list.handle.count, list.count);
    assert.deepEqual(
      list.sample.map(({ name }) => name).toSorted(),
      Object.keys(files)
        .filter((name) => !on.names().includes(name))
        .toSorted(),
    );
    assert.deepEqual(
      result.aside && told(result.aside),
      list.aside && told(list.aside),
      'the look and the act see the same',
    );
    assert.deepEqual([result.deleted, result.left, result.ended], [list.count, 0, 'clean']);
    return { aside: list.aside ? told(list.aside) : null, left: on.names().toSorted() };
  }
  const told = ({ count, why, names }: Aside) => ({
    count,
    why,
    names: count > names.length ? names.length : names.toSorted(),
  });
  const owner = async (on: FilesUnderTest): Promise<string> => {
    on.make('probe');
    const list = await on.files.list({ in: on.folder }, { sample: 1 });
    assert.ok(list.ok);
    const gone = await on.files.delete(list.handle, OPTIONS);
    assert.ok(gone.ok && gone.deleted === 1);
    return list.sample[0]?.user ?? '';
  };

  describe(`files of ${adapter} that must hold something`, () => {
    it('tell the texts of the named groups, each set once, and for one owner only as many as are kept', async (test) => {
      const on = make(test);
      const me = await owner(on);
      const holds = {
        format: 'postfix',
        header: [{ subject: '^Cron <(?<owner>[^<>@]+)@[^<>]+> (?<job>.*)$' }],
        without: [],
      } as const;
      const put = (name: string, command: string) => on.make(name, { mode: 0o700, bytes: cronMail(me, { command }) });
      put('A', 'one');
      put('B', 'one');
      put('C', 'two \xe9');
      on.make('D', { mode: 0o700, bytes: shopMail() });
      const caught = async () => {
        const list = await on.files.list({ in: on.folder, type: ['file'], holds }, { sample: 0 });
        assert.ok(list.ok && list.caught);
        return list.caught;
      };
      const { values, more } = await caught();
      assert.deepEqual(values.map(({ owner: by, job }) => `${by} ${job}`).toSorted(), [`${me} one`, `${me} two \xe9`]);
      assert.deepEqual(more, []);
      for (let n = 0; n < 210; n += 1) put(`N${n}`, `invented ${n}`);
      const many = await caught();
      assert.deepEqual([many.values.length, many.more], [200, [me]]);
    });

    it('leave alone and count files that are no mail of cron’s, whatever the body says', async (test) => {
      const on = make(test);
      const me = await owner(on);
      const { aside, left } = await swept(on, {
        cron: { bytes: cronMail(me) },
        mailfrom: { bytes: cronMail(me, { from: 'ops@example.com' }) },
        anacron: {
          bytes: queueFile([`From: Anacron <${me}>`, 'To: root', "Subject: Anacron job 'cron.daily' on lab", '', 'x']),
        },
        shop: { bytes: shopMail() },
        'shop with the text in its body': { bytes: shopMail('Order', cronLines(me)) },
        'a reply': { bytes: shopMail(`Re: Cron <${me}@lab> /bin/echo ok`) },
        'a person': { bytes: queueFile([`From: ${me}`, `Subject: Cron <${me}@lab> is broken`, '', 'Look!']) },
        forwarded: { bytes: cronMail(me, { more: ['Received: from elsewhere'] }) },
        'two subjects': { bytes: cronMail(me, { more: ['Subject: Your order'] }) },
      });
      assert.deepEqual(left, [
        'a person',
        'a reply',
        'forwarded',
        'shop',
        'shop with the text in its body',
        'two subjects',
      ]);
      assert.deepEqual([aside?.count, aside?.why, aside?.names], [6, { other: 6 }, 5]);
    });

    it('leave alone a mail that names another user than the owner of its file', async (test) => {
      const on = make(test);
      const me = await owner(on);
      const { aside, left } = await swept(on, {
        mine: { bytes: cronMail(me) },
        theirs: { bytes: cronMail('daemon') },
        none: { bytes: cronMail('no-such-user') },
      });
      assert.deepEqual([left, aside?.why], [['none', 'theirs'], { owner: 2 }]);
    });

    it('leave alone what has no whole header', async (test) => {
      const on = make(test);
      const me = await owner(on);
      const whole = cronMail(me);
      const { aside, left } = await swept(on, {
        empty: { bytes: '' },
        'cut in a record': { bytes: whole.subarray(0, 100) },
        'no empty line': { bytes: queueFile(cronLines(me).slice(0, 6)) },
        'a text before the header': { bytes: queueFile(['Hello,', ...cronLines(me)]) },
        'begins with a continuation': { bytes: queueFile([' folded', ...cronLines(me)]) },
        'no records at all': { bytes: cronLines(me).join('\n') },
        'a length without an end': { bytes: Buffer.from(`T${'\xff'.repeat(20)}`, 'latin1') },
        zeroes: { bytes: Buffer.alloc(5000) },
        'records of no message': { bytes: record('T', '1') + record('N', 'Subject: Cron <root@lab> x') },
        'a header of a megabyte': { bytes: cronMail(me, { more: [`X-Long: ${'x'.repeat(2 ** 20)}`] }) },
        'a megabyte of fields': {
          bytes: cronMail(me, { more: Array.from({ length: 20_000 }, (_, n) => `X-Field-${n}: ${'y'.repeat(40)}`) }),
        },
      });
      assert.deepEqual([left.length, aside?.why], [11, { 'no-header': 11 }]);
    });

    it('read a header as Postfix does: in other case, folded, in long lines, in any bytes', async (test) => {
      const on = make(test);
      const me = await owner(on);
      const { aside, left } = await swept(on, {
        'other case': { bytes: queueFile([`FROM: root (Cron Daemon)`, `subject : Cron <${me}@lab> x`, '', 'x']) },
        folded: { bytes: queueFile(['From: root', '\t(Cron Daemon)', 'Subject: Cron', ` <${me}@lab> x`, '', 'x']) },
        bytes: { bytes: cronMail(me, { command: '/bin/echo \xff\xfe\x80' }) },
        'long line': { bytes: cronMail(me, { command: 'x'.repeat(9000) }) },
        'past the first look': {
          bytes: cronMail(me, {
            more: Array.from({ length: 200 }, (_, n) => `X-Cron-Env: <VARIABLE_${n}=${'v'.repeat(60)}>`),
          }),
        },
      });
      assert.deepEqual([left, aside?.count], [[], 0]);
    });

    it('leave alone a file that postdrop may still be writing', async (test) => {
      const on = make(test);
      const me = await owner(on);
      const { aside, left } = await swept(on, {
        'half written': { bytes: queueFile(cronLines(me), { end: false }), mode: 0o600 },
        'whole, not yet marked so': { bytes: cronMail(me), mode: 0o600 },
        'marked as whole': { bytes: queueFile(cronLines(me), { end: false }), mode: 0o700 },
      });
      assert.deepEqual([left, aside?.why], [['half written'], { unfinished: 1 }]);
    });

    it('take no FIFO, no link and no folder for a file', async (test) => {
      const on = make(test);
      await owner(on);
      const { aside, left } = await swept(on, {
        F: { type: 'fifo' },
        L: { type: 'symlink' },
        D: { type: 'directory' },
        shop: { bytes: shopMail() },
      });
      assert.deepEqual([left, aside?.count], [['D', 'F', 'L', 'shop'], 1]);
    });

    it('find a text, or a header from the beginning of the file, where that is asked for', async (test) => {
      const on = make(test);
      await owner(on);
      const text = { format: 'plain', without: [], text: '^PANIC: ' } as const;
      const { left } = await swept(
        on,
        {
          a: { bytes: 'PANIC: no\n' },
          b: { bytes: 'no PANIC: here' },
          c: { bytes: '' },
          d: { bytes: `x${'y'.repeat(9000)}` },
        },
        text,
      );
      assert.deepEqual(left, ['b', 'c', 'd']);
      const header = { format: 'plain', without: [], header: [{ 'x-kind': '^trash$' }] } as const;
      const plain = await swept(
        on,
        {
          e: { bytes: 'X-Kind: trash\r\n\r\nbody' },
          f: { bytes: 'X-Kind: trash\n' },
          g: { bytes: 'A: b\n\nX-Kind: trash\n\n' },
        },
        header,
      );
      assert.deepEqual(plain.left, ['b', 'c', 'd', 'f', 'g']);
    });

    it('are judged by the thousand', async (test) => {
      const on = make(test);
      const me = await owner(on);
      const mails = Object.fromEntries(
        Array.from({ length: 1500 }, (_, n) => [`A${n}`, { bytes: n % 3 === 0 ? shopMail() : cronMail(me) }]),
      );
      const { aside, left } = await swept(on, mails);
      assert.deepEqual([aside?.count, left.length], [500, 500]);
    });

    it('are judged again at the act', async (test) => {
      const on = make(test);
      const me = await owner(on);
      for (let n = 0; n < 5; n += 1) on.make(`A${n}`, { bytes: cronMail(me), mode: 0o700 });
      const list = await on.files.list({ in: on.folder, holds: OF_CRON }, { sample: 0 });
      assert.ok(list.ok && list.count === 5);
      on.make('A3', { bytes: shopMail(), mode: 0o700 });
      const result = await on.files.delete(list.handle, OPTIONS);
      assert.ok(result.ok);
      assert.deepEqual([result.deleted, result.aside?.why, on.names()], [4, { other: 1 }, ['A3']]);
    });
  });
}
