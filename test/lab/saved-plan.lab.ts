import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { EventOf } from '../../src/model/event.ts';
import { assertNdjson } from '../support/event-schema.ts';
import { inStorm } from '../support/lab/lab.ts';

/** A plan that was reviewed, carried out in the real incident, which went on meanwhile. */
const work = mkdtempSync(join(tmpdir(), 'firebreak-saved-'));
after(() => rmSync(work, { recursive: true }));
const folder = () => mkdtempSync(join(work, 'out-'));

const PLAN =
  'npx firebreak plan cron-mail-storm --policy examples/policy.yaml --param watch=8s --param ticks=2 --save /run/plan.json';
const RUN = 'npx firebreak run --plan /run/plan.json --unattended --policy examples/policy.yaml --output ndjson';
test('mailers and mail that came since the plan: it runs, and the report says how many were new', {
  timeout: 180_000,
}, async () => {
  const out = folder();
  const { stdout, stderr } = await inStorm(
    `find "$LAB_SPOOL" -type f | head -n 60 | xargs rm; ${PLAN} >/dev/null; echo "planned $?"
     planned=$(pgrep -c -x postdrop); i=0; one=$(find "$LAB_SPOOL" -type f | head -n 1); while cp -p "$one" "$LAB_SPOOL/NEW$i" 2>/dev/null; do i=$((i + 1)); done
     for i in $(seq 200); do [ $(pgrep -c -x postdrop) -gt $planned ] && break; sleep 0.2; done
     ${RUN} >$OUT/events; echo "ran $?"; npx firebreak report >$OUT/report.md; ${RUN} >/dev/null; echo "again $?"; "$LAB/check-recovered"`,
    { out },
  );
  assert.deepEqual(stdout.trim().split('\n'), ['planned 0', 'ran 0', 'again 6', 'check-recovered: recovered'], stderr);
  const compared = assertNdjson(readFileSync(join(out, 'events'), 'utf8')).find(
    (event): event is EventOf<'plan.compared'> => event.type === 'plan.compared',
  );
  const [mailers, mail] = ['kill-mailers', 'empty-maildrop'].map((step) =>
    compared?.drift.find((one) => one.step === step),
  );
  assert.ok(
    mailers && mailers.new > 0 && mailers.now - mailers.planned === mailers.new - mailers.gone,
    JSON.stringify(mailers),
  );
  assert.ok(mail && mail.new >= 5, JSON.stringify(mail));
  const report = readFileSync(join(out, 'report.md'), 'utf8');
  assert.match(
    report,
    new RegExp(`\\| Since the plan \\| kill-mailers: \\d+ processes now, \\d+ when planned: ${mailers.new} new`),
  );
  assert.match(stderr, /is used: run \S+-cron-mail-storm-\S+ has carried it out/);
});

test('a crontab that somebody edited since the plan: exit 6 names it, cron runs on, no mailer and no mail is touched', {
  timeout: 120_000,
}, async () => {
  const { stdout, stderr } = await inStorm(
    `find "$LAB_SPOOL" -type f | head -n 60 | xargs rm
     ${PLAN} --param silence_jobs=all >/dev/null; echo "planned $?"; echo '# an edit' >>/etc/crontab
     # Those that found an inode meanwhile would end by themselves.
     pkill -STOP -x 'sendmail|postdrop'; cron=$(pgrep -o -x cron); pgrep -x 'sendmail|postdrop' | sort >/run/before; files=$(find "$LAB_SPOOL" -type f | wc -l); sha256sum /etc/crontab /var/spool/cron/crontabs/* >/run/sums
     ${RUN} >/run/events; echo "ran $?"; tail -n 1 /run/events | grep -o 'file /etc/crontab: planned\\|file /etc/crontab: then'
     [ "$(pgrep -o -x cron)" = "$cron" ] && [ "$(pgrep -x 'sendmail|postdrop' | sort | comm -23 /run/before -)" = '' ] && echo 'nobody was ended'
     [ "$(find "$LAB_SPOOL" -type f | wc -l)" -ge "$files" ] && sha256sum -c --status /run/sums && echo untouched`,
  );
  assert.deepEqual(
    stdout.trim().split('\n'),
    ['planned 0', 'ran 6', 'file /etc/crontab: then', 'nobody was ended', 'untouched'],
    stderr,
  );
});
