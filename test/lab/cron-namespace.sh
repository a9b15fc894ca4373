#!/bin/bash
# Debian's cron and crontab in namespaces of their own: cron-namespace.sh COMMAND [ARG...]
# Private: /etc (with the users alice and bob), /run, /var/spool/cron, and a sendmail that writes each mail into /run/mail.
# Nothing outside changes, nothing is left behind. Needs root and the packages cron, faketime and util-linux.
set -euo pipefail
if [ "${CRON_NAMESPACE:-}" != inside ]; then
  CRON_NAMESPACE=inside exec unshare --mount --pid --net --uts --ipc --fork --kill-child --mount-proc "$0" "$@"
fi
unset CRON_NAMESPACE
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
hostname lab
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work /etc
printf 'alice:x:1501:1501::/tmp:/bin/sh\nbob:x:1502:1502::/tmp:/bin/sh\n' >>/etc/passwd
printf 'alice:!:20000::::::\nbob:!:20000::::::\n' >>/etc/shadow
printf 'alice:x:1501:\nbob:x:1502:\n' >>/etc/group
# A /dev of its own: a test may open /dev/log.
mkdir -p /mnt/dev/pts /mnt/dev/shm
for node in null zero full random urandom tty; do touch "/mnt/dev/$node"; mount --bind "/dev/$node" "/mnt/dev/$node"; done
mount --bind /dev/pts /mnt/dev/pts
ln -s /proc/self/fd /mnt/dev/fd
mount --rbind /mnt/dev /dev
# libfaketime names what it shares by pid, and pids here are those of other namespaces too.
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
mkdir /run/lock /run/mail /run/work
chmod 1777 /run/lock /run/mail /run/work
cp -a /var/spool/cron /mnt/cron
rm -f /mnt/cron/crontabs/*
mount --bind /mnt/cron /var/spool/cron
printf '#!/bin/sh\ncat >"$(mktemp /run/mail/XXXXXX)"\n' >/mnt/sendmail
chmod 755 /mnt/sendmail
mount --bind /mnt/sendmail /usr/sbin/sendmail
exec "$@"
