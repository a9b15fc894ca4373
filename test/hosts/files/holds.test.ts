import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headJudge } from '../../../src/hosts/files/holds.ts';
import { cronMail, shopMail } from '../../support/hosts/mail.ts';

const SUBJECT = '^Cron <(?<owner>[^<>@]+)@[^<>]+> (?<job>.*)$';
const HOLDS = { format: 'postfix', without: ['received'], header: [{ subject: SUBJECT }] } as const;

/** The same message, a second later. */
const later = (mail: Buffer): Buffer =>
  Buffer.from(mail.toString('latin1').replace('1796116568', '1796116569'), 'latin1');

test('a message that is alike but for its time is judged alike, and what its groups caught is told each time', () => {
  const caught: string[] = [];
  const uidsOf = (user: string) => (user === 'root' ? [0] : []);
  const judge = headJudge(HOLDS, uidsOf, ({ job = '' }) => void caught.push(job));
  const read = (mail: Buffer, uid = 0, mode = 0o700) =>
    judge({ bytes: mail.toString('latin1'), size: mail.length, mode, uid });
  const mail = cronMail('root');
  const verdicts = [
    read(mail),
    read(later(mail)),
    // Alike but for its owner, for the bit that says that it is whole, for a byte of its header, and for its length.
    read(later(mail), 1001),
    read(later(cronMail('root', { command: '/bin/echo no' }))),
    read(later(shopMail())),
    judge({ bytes: mail.toString('latin1').slice(0, -2), size: mail.length, mode: 0o700, uid: 0 }),
    read(mail.subarray(0, -2), 0, 0o600),
    read(mail),
  ];
  assert.deepEqual(verdicts, ['holds', 'holds', 'owner', 'holds', 'other', 'holds', 'unfinished', 'holds']);
  assert.deepEqual(caught, ['/bin/echo ok', '/bin/echo ok', '/bin/echo no', '/bin/echo ok', '/bin/echo ok']);
});
