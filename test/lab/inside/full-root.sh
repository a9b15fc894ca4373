#!/bin/sh
# In the storm: a script in a root whose every disk file system is full. / and /etc are overlays over the rig's, /tmp and HOME are file systems of
# their own, /var is the rig's. /run and /dev/shm stay as they are. The crontabs of /etc lie on the full file system itself, so that they can be
# written over where they are; that needs no inode and no block.
#
#   full-root.sh inodes|bytes SCRIPT
#
# In SCRIPT: $HOME, $LAB, the rig's variables, and `empty` to give back what fills /tmp (Debian's cron starts no job without an inode in /tmp).
set -eu
kind=$1 script=$2 here=$PWD
scene=/run/scene root=/run/scene/root
case $kind in
  inodes) size='size=64m,nr_inodes=60' ;;
  bytes) size='size=1m,nr_inodes=10000' ;;
esac
fill() { # FOLDER: until nothing goes any more
  case $kind in
    inodes) n=0; while true 2>/dev/null >"$1/full-$n"; do n=$((n + 1)); done ;;
    bytes) cat /dev/zero >"$1/full" 2>/dev/null || true ;;
  esac
}

mkdir -p $scene/upper $root
mount -t tmpfs -o "$size" tmpfs $scene/upper
mkdir $scene/upper/root $scene/upper/root-work $scene/upper/etc $scene/upper/etc-work
mount -t overlay overlay -o "lowerdir=/,upperdir=$scene/upper/root,workdir=$scene/upper/root-work" $root
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$scene/upper/etc,workdir=$scene/upper/etc-work" $root/etc
touch $root/etc/crontab $root/etc/cron.d/*
for each in /tmp /root; do mount -t tmpfs -o "$size" tmpfs $root$each; done
# The checkout may itself lie in /tmp or HOME, so these come after.
for each in /proc /sys /dev /run /var "$here" "$LAB"; do
  mkdir -p "$root$each"
  mount --rbind "$each" "$root$each"
done
for each in /tmp /root; do fill $root$each; done
fill $scene/upper
if [ "$kind" = bytes ]; then
  # Of /var only the inodes were used up: now a log, or whatever else is no mail, takes the blocks.
  cat /dev/zero >>"$(find /var/lib /var/spool -xdev -type f ! -path '*/maildrop/*' ! -path '*/crontabs/*' | head -n 1)" 2>/dev/null || true
fi
cp "$LAB_CRONTAB" /run/lab-crontab
export HOME=/root LAB_CRONTAB=/run/lab-crontab
exec chroot $root sh -c "cd '$here' || exit 70
empty() { rm /tmp/full*; }
$script"
