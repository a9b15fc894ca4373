import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { daemonAbout } from '../../../src/hosts/linux/daemon-about.ts';

const DEBIAN_CRON = `#!/bin/sh
PATH=/bin:/usr/bin:/sbin:/usr/sbin
DESC="cron daemon"
NAME=cron
DAEMON=/usr/sbin/cron
PIDFILE=/var/run/crond.pid
SCRIPTNAME=/etc/init.d/"$NAME"
status)
        status_of_proc -p $PIDFILE $DAEMON $NAME && exit 0 || exit $?
`;
const RED_HAT_CROND = `#!/bin/sh
# crond          Start/Stop the cron clock daemon.
# processname: crond
# pidfile: /var/run/crond.pid
[ -f /etc/sysconfig/crond ] || { [ "$1" = "status" ] && exit 4 || exit 6; }
prog="crond"
exec=/usr/sbin/crond
lockfile=/var/lock/subsys/$prog
case "$1" in
  status) rh_status ;;
esac
`;
const OPENRC_CRON = `#!/sbin/openrc-run
command="/usr/sbin/crond"
pidfile="/run/\${RC_SVCNAME}.pid"
`;

describe('what an init script says of its daemon', () => {
  it("Debian's cron, also renamed to crond", () => {
    for (const name of ['cron', 'crond']) {
      const about = daemonAbout(DEBIAN_CRON, name);
      assert.deepEqual(about.programs, ['/usr/sbin/cron']);
      assert.equal(about.pidFiles[0], '/var/run/crond.pid');
      assert.deepEqual([about.certain, about.answersStatus], [true, true]);
    }
  });

  it("Red Hat's crond, by its header", () => {
    const about = daemonAbout(RED_HAT_CROND, 'crond');
    assert.deepEqual(about.programs, ['/usr/sbin/crond']);
    assert.deepEqual(about.names, ['crond']);
    assert.equal(about.pidFiles[0], '/var/run/crond.pid');
    assert.ok(about.certain && about.answersStatus);
  });

  it("Debian's postfix, which asks master(8) in a function of its own", () => {
    const about = daemonAbout('DAEMON=/usr/sbin/postfix\nNAME=Postfix\n', 'postfix');
    assert.deepEqual([about.programs, about.names], [[], ['master']]);
    assert.equal(about.pidFiles[0], '/var/spool/postfix/pid/master.pid');
    assert.ok(about.certain);
  });

  it('leaves out what only a shell could work out, and is then not certain', () => {
    const about = daemonAbout(OPENRC_CRON, 'cron');
    assert.deepEqual(about.programs, ['/usr/sbin/crond']);
    assert.equal(about.certain, false);
    assert.equal(daemonAbout('PIDFILE=$(mktemp)\nDAEMON=`which x`\n', 'x').certain, false);
  });

  it('puts earlier variables into later ones, and takes the default of a parameter', () => {
    const about = daemonAbout('NAME=x\nexport DAEMON="/opt/${NAME}/bin/$NAME"\nPIDFILE=${PIDFILE:-/run/y.pid}\n', 'x');
    assert.deepEqual([about.programs, about.pidFiles[0]], [['/opt/x/bin/x'], '/run/y.pid']);
  });

  it('looks in the usual places where nothing is named', () => {
    const about = daemonAbout('#!/bin/sh\n', 'mysql');
    assert.ok(about.pidFiles.includes('/run/mysql/mysql.pid') && about.pidFiles.includes('/run/mysqld/mysqld.pid'));
    assert.deepEqual([about.certain, about.answersStatus], [false, false]);
  });
});
