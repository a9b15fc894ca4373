import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateOf } from '../../src/model/state.ts';
import { paperOf } from '../../src/views/draw/style.ts';
import { demoEvents } from '../support/views/demo-events.ts';
import { demoPlan } from '../support/views/demo-plan.ts';
import { renderLeft } from '../support/views/drawn.ts';

test('whoever leaves at once is told what is not done, what is not undone, and the commands for both', () => {
  const events = demoEvents('held');
  const half = events.slice(
    0,
    events.findIndex((event) => event.type === 'action.intended' && event.step === 'kill-mailers') + 1,
  );
  const lines = renderLeft(stateOf(half), demoPlan, paperOf({ columns: 100 }));
  const [blank, line, ...rest] = lines;
  assert.deepEqual([blank, line?.slice(0, 14)], ['', '── left to you']);
  assert.deepEqual(rest, [
    'Ended at once. Nothing more is done or undone.',
    'NOT DONE  the same by hand',
    '  · kill-mailers, perhaps done in part: look first',
    '      pkill -TERM -s 2011 sendmail',
    '      pkill -TERM -s 2011 postdrop',
    '  · empty-maildrop',
    "      find /var/spool/postfix/maildrop -maxdepth 1 -type f -regextype posix-extended -regex '.*/[0-9A-Za-z_.]+' -delete",
    '  · silence-jobs',
    '      crontab -u root -e',
    '  · start-cron',
    '      service cron start',
    'NOT UNDONE  newest first',
    '  ↶ stop-cron: start cron again',
    '  ! start cron again within 15 min: done for you when its lease runs out',
    'To go on:  firebreak resume 20261123-025930-k3f9',
    'To undo:   firebreak rollback 20261123-025930-k3f9',
  ]);
});
