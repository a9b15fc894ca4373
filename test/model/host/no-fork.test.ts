import assert from 'node:assert/strict';
import { test } from 'node:test';
import { couldNotFork, saysNoFork } from '../../../src/model/host/no-fork.ts';
import type { ProgramResult } from '../../../src/model/host.ts';

/** What programs print when they cannot start another process. */
const NONE_LEFT: readonly string[] = [
  // dash
  'sh: 1: Cannot fork',
  '/bin/sh: 0: Cannot fork',
  'sh: 0: Cannot vfork',
  // bash
  'bash: fork: retry: Resource temporarily unavailable',
  '-bash: fork: retry: No child processes',
  'bash: fork: Cannot allocate memory',
  '/etc/init.d/cron: fork: Resource temporarily unavailable',
  // busybox, with the words of glibc and of musl
  "sh: can't fork: Resource temporarily unavailable",
  "/bin/sh: can't fork: Out of memory",
  "sh: can't vfork: Try again",
  'xargs: vfork: Resource temporarily unavailable',
  // zsh, ksh, mksh
  'zsh: fork failed: resource temporarily unavailable',
  'ksh: cannot fork - try again',
  "mksh: can't fork - try again",
  // sudo, su, runuser, ssh, sshd
  'sudo: unable to fork: Resource temporarily unavailable',
  'su: Cannot fork user shell',
  'runuser: cannot create child process: Resource temporarily unavailable',
  'fork: Resource temporarily unavailable',
  'fork failed: Resource temporarily unavailable',
  // small tools
  'timeout: fork system call failed: Resource temporarily unavailable',
  'setsid: fork: Cannot allocate memory',
  'unshare: fork failed: Resource temporarily unavailable',
  'xargs: cannot fork: Resource temporarily unavailable',
  'find: cannot fork: Resource temporarily unavailable',
  'start-stop-daemon: unable to do first fork (Resource temporarily unavailable)',
  'make: vfork: Resource temporarily unavailable',
  "Can't fork: Resource temporarily unavailable at -e line 1.",
  'error: pthread_create failed: Resource temporarily unavailable',
  // systemd
  'Failed to fork: Resource temporarily unavailable',
  'Failed to fork(): Cannot allocate memory',
  'cron.service: Failed to fork: Resource temporarily unavailable',
  // cron
  "CRON (root) error (can't fork)",
  "cron: (CRON) DEATH (can't fork)",
  'crontab: fork: Resource temporarily unavailable',
  // Postfix
  'postfix/master[812]: warning: fork: Resource temporarily unavailable',
  // Node
  'Error: spawn /bin/sh EAGAIN',
  'Error: spawn ENOMEM',
  // Among other lines, and with the ends of lines that a terminal has
  'Starting cron...\r\nsh: 1: Cannot fork\r\nfailed!\r\n',
];

/** Lines that have the words, and another meaning. */
const ANOTHER_REASON: readonly string[] = [
  '',
  'sh: 1: fork: not found',
  'fork: command not found',
  'cat: /srv/fork: Resource temporarily unavailable',
  'cat: /srv/spawn/EAGAIN: No such file or directory',
  "ls: cannot access 'fork': No such file or directory",
  'cat: -: Resource temporarily unavailable',
  'flock: 9: Resource temporarily unavailable',
  'sendmail: fatal: open lock file: Resource temporarily unavailable',
  'mmap: Cannot allocate memory',
  'mount: /mnt: Cannot allocate memory.',
  'getaddrinfo: Temporary failure in name resolution, try again',
  'git: cannot fork the repository of somebody else',
  'the fork is out of date: try git pull',
  'Error: spawn /bin/nothing ENOENT',
  'Error: spawn /bin/sh EACCES',
  'Error: spawn E2BIG',
];

test('every way in which a program says that it cannot start another one is known', () => {
  assert.deepEqual(
    NONE_LEFT.filter((text) => !saysNoFork(text)),
    [],
  );
});

test('the same words in a name, about a lock or about a missing program do not count', () => {
  assert.deepEqual(
    ANOTHER_REASON.filter((text) => saysNoFork(text)),
    [],
  );
});

const said = (stderr: string, exit: number): ProgramResult => {
  const captured = (head: string) => ({ head, tail: '', dropped: 0 });
  return { ok: true, exit, signal: null, stdout: captured(''), stderr: captured(stderr) } as unknown as ProgramResult;
};

test('a command that succeeded could fork, whatever it printed; one that never began is judged by its errno', () => {
  const failed = (code: string): ProgramResult => ({ ok: false, code, message: '' });
  assert.deepEqual(
    [
      said('bash: fork: retry: Resource temporarily unavailable', 0),
      said('sh: 1: Cannot fork', 2),
      said('sh: 1: fork: not found', 127),
      ...['EAGAIN', 'ENOMEM', 'no-slots', 'ENOENT', 'timeout'].map(failed),
    ].map(couldNotFork),
    [false, true, false, true, true, true, false, false],
  );
});
