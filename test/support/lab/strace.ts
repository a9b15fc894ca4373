/** Calls that change a file system, a process or the machine by their very name (syscalls(2)). */
const CHANGING = new RegExp(
  `^(${[
    'unlink|unlinkat|rmdir|rename|renameat|renameat2|mkdir|mkdirat|mknod|mknodat|link|linkat|symlink|symlinkat',
    'creat|truncate|ftruncate|fallocate|copy_file_range|chmod|fchmod|fchmodat|fchmodat2|chown|fchown|lchown|fchownat',
    'utime|utimes|futimesat|utimensat|setxattr|lsetxattr|fsetxattr|removexattr|lremovexattr|fremovexattr',
    'mount|umount2|move_mount|pivot_root|chroot|swapon|swapoff|reboot|sethostname|setdomainname|acct|quotactl',
    'bind|connect|ptrace|process_vm_writev|setpriority|sched_setscheduler|pidfd_send_signal|rt_sigqueueinfo|rt_tgsigqueueinfo',
  ].join('|')})$`,
);
const WRITING = /^(write|writev|pwrite64|pwritev|pwritev2|sendfile|splice|tee|vmsplice)$/;

/**
 * The lines of a trace (`strace -f -y`) that change something outside the program: a file made, opened to be written,
 * written, moved or removed, its mode or times set; a signal to another process; a connection. Not: pipes, sockets of
 * its own, event counters, the null device, terminals, a refused attempt to nothing (kill with 0 only looks).
 */
export function changesIn(trace: string): readonly string[] {
  const ours = new Set(trace.split('\n').map((line) => /^\d+/.exec(line)?.[0] ?? ''));
  return trace.split('\n').filter((line) => isChange(line, ours));
}

function isChange(line: string, ours: ReadonlySet<string>): boolean {
  const [, name = '', rest = ''] = /^\d+\s+(\w+)\((.*)$/.exec(line) ?? [];
  // glibc asks a daemon of its own for the names of users, where one runs (nscd(8)).
  if (name === 'connect' && /sun_path="(\/var)?\/run\/nscd\/socket"/.test(rest)) return false;
  if (CHANGING.test(name)) return true;
  if (WRITING.test(name)) return /^\d+<\/(?!dev\/(null|tty|pts\/))/.test(rest);
  if (/^open(at2?)?$/.test(name)) return isWritingOpen(rest) && !/"\/dev\/(null|tty)"/.test(rest);
  if (name === 'mmap') return /PROT_WRITE/.test(rest) && /MAP_SHARED/.test(rest) && /<\//.test(rest);
  if (/^(kill|tkill|tgkill)$/.test(name)) return !/, 0\)/.test(rest) && !ours.has(/-?\d+/.exec(rest)?.[0] ?? '');
  return false;
}

/**
 * Opened through a descriptor, to ask whether it could be written: nothing is changed by that, and a write would be a
 * line of its own.
 */
function isWritingOpen(rest: string): boolean {
  if (/^\S+ "\/proc\/self\/fd\/\d+", O_WRONLY\|O_NOCTTY\|O_NONBLOCK\|O_CLOEXEC\)/.test(rest)) return false;
  return /O_(WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)/.test(rest);
}
