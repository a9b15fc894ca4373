import { cpSync, globSync } from 'node:fs';
import { join } from 'node:path';
import type { Fleet } from './fleet.ts';

/**
 * cron's clock on an armed host: its minute passes in so many seconds, so that a test need not wait a minute for a
 * tick. Nothing else sees this clock.
 */
export const MINUTE_SECONDS = 6;

/**
 * A host of `fleet --storm` as it was before any remedy, with a fast clock for its cron and its mailers hung: also
 * again and again. What was there at first is kept under /root, which has inodes.
 */
export async function arm(fleet: Fleet, host: string): Promise<void> {
  provide(fleet, host);
  await fleet.on(host, ARM);
}

/** The fast clock for as long as it takes until mailers hang: they stay, and from then on cron's minute is ours. */
export async function armAndCalm(fleet: Fleet, host: string): Promise<void> {
  await arm(fleet, host);
  await fleet.on(
    host,
    'rm /run/systemd/system/cron.service.d/fast.conf && systemctl daemon-reload && systemctl restart cron',
  );
}

/** The fast clock alone, and a job that runs in each of its minutes. */
export async function quicken(fleet: Fleet, host: string): Promise<void> {
  provide(fleet, host);
  await fleet.on(host, `set -e; echo '* * * * * root /bin/true' >/etc/cron.d/tick\n${FAST}\nsystemctl restart cron`);
}

function provide(fleet: Fleet, host: string): void {
  const [library = ''] = globSync('/usr/lib/*/faketime/libfaketime.so.1');
  cpSync(library, join(fleet.rootOf(host), 'root/libfaketime.so.1'));
}

const FAST = `mkdir -p /run/systemd/system/cron.service.d
  printf '[Service]\\nEnvironment=LD_PRELOAD=/root/libfaketime.so.1 "FAKETIME=+0 x${60 / MINUTE_SECONDS}" DONT_FAKE_MONOTONIC=1\\n' >/run/systemd/system/cron.service.d/fast.conf
  systemctl daemon-reload`;

const ARM = `set -e; cd /root
  systemctl stop cron; pkill -x sendmail || true; pkill -x postdrop || true
  [ -d armed ] || { mkdir armed; cp -a /etc/crontab /etc/cron.d /var/spool/cron/crontabs/root armed/; }
  cp -a armed/crontab /etc/crontab; cp -a armed/cron.d/. /etc/cron.d/; cp -a armed/root /var/spool/cron/crontabs/root
  ${FAST}
  find /var/spool/postfix/maildrop -type f -delete
  systemctl start fill; systemctl start cron
  n=0; until [ "$(pgrep -cx postdrop)" -ge 4 ]; do n=$((n + 1)); [ $n -lt 300 ] || { echo 'no mailers hang'; exit 1; }; sleep 0.2; done`;

/**
 * What is wrong with a host after the remedy; nothing, where the incident is over, and stays over for two of cron's
 * minutes.
 */
export async function notRecovered(
  fleet: Fleet,
  host: string,
  seconds = 2 * MINUTE_SECONDS + 1,
): Promise<readonly string[]> {
  return (await fleet.on(host, LOOK.replace('SECONDS', String(seconds)))).split('\n').filter(Boolean);
}

const LOOK = `bad() { echo "$*"; }; drop=/var/spool/postfix/maildrop; tab=/var/spool/cron/crontabs/root
  for name in sendmail postdrop; do [ "$(pgrep -cx $name)" = 0 ] || bad "$(pgrep -cx $name) $name run"; done
  [ "$(systemctl is-active cron)" = active ] || bad "cron is $(systemctl is-active cron)"
  main=$(systemctl show -p MainPID --value cron); grep -q '^Umask:.0022' /proc/$main/status || bad "cron's $(grep Umask /proc/$main/status)"
  [ -z "$(systemctl list-units --all --plain --no-legend 'firebreak-*')" ] || bad "units are left: $(systemctl list-units --all --plain --no-legend 'firebreak-*')"
  [ "$(crontab -l | grep -c '^[*] [*] [*] [*] [*] /bin/echo agent check [1-5]: ok$')" = 5 ] || bad "root's jobs changed: $(crontab -l)"
  [ "$(crontab -l | grep -v '^#' | head -n 1)" = 'MAILTO=""' ] || bad "root's jobs are not silenced: $(crontab -l)"
  [ "$(stat -c '%U:%G %a %h' $tab)" = 'root:crontab 600 1' ] || bad "root's crontab is $(stat -c '%U:%G %a %h' $tab)"
  [ "$(stat -c '%U:%G %a' $drop)" = 'postfix:postdrop 1730' ] || bad "maildrop is $(stat -c '%U:%G %a' $drop)"
  before=$(journalctl -q -u cron | grep -c 'CMD (/bin/echo agent check'); mail=$(ls $drop | wc -l); [ "$mail" -lt 20 ] || bad "$mail files in maildrop"
  sleep SECONDS
  after=$(journalctl -q -u cron | grep -c 'CMD (/bin/echo agent check'); [ $((after - before)) -ge 5 ] || bad "cron ran $((after - before)) jobs since"
  [ "$(ls $drop | wc -l)" = "$mail" ] || bad "maildrop grows: $mail, then $(ls $drop | wc -l)"
  for name in sendmail postdrop; do [ "$(pgrep -cx $name)" = 0 ] || bad "$(pgrep -cx $name) $name came back"; done
  free=$(stat -f -c %d /var) all=$(stat -f -c %c /var); [ $((free * 100 / all)) -ge 80 ] || bad "only $free of $all inodes are free"
  exit 0`;
