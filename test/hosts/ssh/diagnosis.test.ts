import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decisiveLine, diagnoseSsh } from '../../../src/hosts/ssh/diagnosis.ts';

/** What OpenSSH 9.2 prints, word for word. */
const CHANGED = `@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\r
The fingerprint for the ED25519 key sent by the remote host is\r
SHA256:tm0hV2lxB1XyOG4bmwyxgrCm1WlMCTTCs1wVrPGtwK4.\r
Please contact your system administrator.\r
Add correct host key in /home/ann/.ssh/known_hosts to get rid of this message.\r
Offending ED25519 key in /home/ann/.ssh/known_hosts:12\r
Host key for web7 has changed and you have requested strict checking.\r
Host key verification failed.\r
`;

const SAID: readonly (readonly [stderr: string, code: string, sentence: string])[] = [
  [
    CHANGED,
    'host-key',
    'the key of web7 has changed (known: line 12 of /home/ann/.ssh/known_hosts); what answers has SHA256:tm0hV2lxB1XyOG4bmwyxgrCm1WlMCTTCs1wVrPGtwK4: nothing was sent to it. Was it built anew? Then take the line out: sed -i 12d /home/ann/.ssh/known_hosts. Else somebody may be in between',
  ],
  [
    'No ED25519 host key is known for web7 and you have requested strict checking.\r\nHost key verification failed.\r\n',
    'host-key',
    "the key of web7 is not known here: compare it with the host's own, then accept it once with: ssh web7",
  ],
  [
    'ann@web7: Permission denied (publickey,keyboard-interactive).\r\n',
    'auth',
    'web7 let nobody in (it takes: publickey,keyboard-interactive): is the key loaded (ssh-add -l), and the user right? Try: ssh web7',
  ],
  [
    'ssh: Could not resolve hostname web7: Name or service not known\r\n',
    'unreachable',
    'the name web7 leads nowhere: it is in no ssh configuration and no DNS',
  ],
  [
    'ssh: connect to host web7 port 22: Connection refused\r\n',
    'unreachable',
    'web7 is up, but nothing answers on its ssh port: is sshd running there, and the port right?',
  ],
  [
    'ssh: connect to host web7 port 22: Connection timed out\r\n',
    'unreachable',
    'web7 does not answer: it is down, or something between drops what is sent to it',
  ],
  [
    'ssh: connect to host web7 port 22: No route to host\r\n',
    'unreachable',
    'there is no way to web7: it is down, or a network or VPN is',
  ],
  [
    'kex_exchange_identification: read: Connection reset by peer\r\nConnection reset by 10.0.0.7 port 22\r\n',
    'unreachable',
    'web7 took the connection and closed it again: its sshd is overloaded, out of process slots, or refuses this address (Connection reset by 10.0.0.7 port 22)',
  ],
  [
    'shell request failed on channel 0\r\n',
    'no-slots',
    'web7 cannot start another process: its process slots or its memory are used up; free some on its console',
  ],
  [
    'bash: fork: retry: Resource temporarily unavailable\n',
    'no-slots',
    'web7 cannot start another process: its process slots or its memory are used up; free some on its console',
  ],
  [
    'mux_client_request_session: session request failed: Session open refused by peer\r\nConnection closed by UNKNOWN port 65535\r\n',
    'no-slots',
    "web7 refuses another session on the connection (sshd's MaxSessions): do fewer things there at once",
  ],
  ['', 'unreachable', 'ssh to web7 ended without a word; try: ssh web7'],
  [
    '/home/ann/.ssh/config: line 3: Bad configuration option: identityfil\r\n/home/ann/.ssh/config: terminating, 1 bad configuration options\r\n',
    'unreachable',
    'ssh to web7 ended: /home/ann/.ssh/config: terminating, 1 bad configuration options; try: ssh web7',
  ],
];

const BECOME: readonly (readonly [stderr: string, sentence: string])[] = [
  [
    'sudo: unable to resolve host web7: Name or service not known\nsudo: a password is required\n',
    'sudo on web7 wants the password of ann: give it (--ask-become-password), or allow ann sudo without one',
  ],
  [
    'ann is not in the sudoers file.  This incident will be reported.\n',
    'sudo on web7 does not let ann become root: ann is not in the sudoers file.  This incident will be reported.',
  ],
  [
    "Sorry, user ann is not allowed to execute '/bin/sh -c x' as root on web7.\n",
    "sudo on web7 does not let ann become root: Sorry, user ann is not allowed to execute '/bin/sh -c x' as root on web7.",
  ],
  ['/bin/sh: 1: exec: sudo: not found\n', 'there is no sudo on web7: log in as root there, or install it'],
];

describe('what ssh said in the end', () => {
  it('becomes a code and a sentence that says what to do next', () => {
    for (const [stderr, code, message] of SAID)
      assert.deepEqual(diagnoseSsh('web7', stderr, null), { ok: false, code, message });
  });

  it('names sudo if root was wanted', () => {
    for (const [stderr, message] of BECOME)
      assert.deepEqual(diagnoseSsh('web7', stderr, 'ann'), { ok: false, code: 'become', message });
  });

  it('never advises to ignore a changed key', () => {
    for (const [stderr] of SAID)
      assert.doesNotMatch(diagnoseSsh('web7', stderr, null).message, /StrictHostKey|UserKnownHostsFile|-R/);
  });

  it('never names a line of another file to delete: a host may have printed it', () => {
    for (const path of ['/etc/passwd', '/home/ann/.ssh/authorized_keys', "/x/$(reboot)'known_hosts"]) {
      const { message } = diagnoseSsh('web7', CHANGED.replace('/home/ann/.ssh/known_hosts:12', `${path}:12`), null);
      assert.ok(
        !message.includes('sed -i 12d /etc') &&
          !message.includes('authorized_keys') &&
          !message.includes('sed -i 12d /x/$('),
        message,
      );
    }
  });

  it('is printable and short, whatever the other end made of it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 30 }), { maxLength: 6 }),
        fc.constantFrom('', 'sudo: ', 'Offending key in ', 'Permission denied ('),
        (lines, lead) => {
          const stderr = lines.map((line) => `${lead}${line}`).join('\r\n');
          for (const text of [
            decisiveLine(stderr),
            diagnoseSsh('web7', stderr, 'ann').message,
            diagnoseSsh('web7', `${CHANGED}${stderr}`, null).message,
          ]) {
            assert.match(text, /^[\x20-\x7e]*$/);
            assert.ok(text.length < 1000, text);
          }
        },
      ),
    );
  });
});
