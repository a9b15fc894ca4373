import { findService, isWord, noService, serviceNames } from '../../model/host/service.ts';
import * as shape from '../../model/runbook/shape.ts';
import { showDuration } from '../../model/text/quantity.ts';
import {
  type Act,
  type Applied,
  acted,
  cannot,
  change,
  defineAction,
  type Look,
  notActed,
  type Observation,
} from '../../model/verb.ts';

const LOOK_EVERY = 1000;

const WAIT = shape.object(
  'How long to wait, or for what.',
  {
    for: shape.quantity('duration', 'How long; with `until`: how long at the most.'),
    until: shape.object(
      'Ends the wait early.',
      {
        service: shape.service('The service to look at once a second.'),
        state: shape.word(
          'The state to wait for; `down` is stopped or failed.',
          'running',
          'stopped',
          'failed',
          'down',
        ),
      },
      ['service', 'state'],
    ),
  },
  ['for'],
);
type Arg = shape.Infer<typeof WAIT>;
type Until = NonNullable<Arg['until']>;

export default defineAction({
  summary: 'wait, for a time or until a service is in a state',
  about:
    'Waits for the time given, or, with `until`, until the service has that state, but no longer than `for`: then the step fails. An interrupt ends it at once.',
  schema: WAIT,
  example: { for: '2m', until: { service: { name: 'postfix' }, state: 'running' } },
  needs: [],
  idempotent: true,
  observe,
  apply: async (act, { for: length, until }) => (until ? waitUntil(act, until, length) : waitFor(act, length)),
  revert: async () => acted('a wait needs no undo'),
});

async function observe(look: Look, { for: length, until }: Arg): Promise<Observation> {
  const summary = until
    ? `wait until ${aim(until)}, ${showDuration(length)} at the most`
    : `wait for ${showDuration(length)}`;
  const found = until ? await findService(look.host.services, until.service) : null;
  if (found && 'tried' in found) return cannot(summary, noService(found.tried));
  if (found?.state.refused)
    return cannot(summary, found.state.reason ?? 'its script is behind a link that another user made');
  return change(summary, {
    targets: { kind: 'none', count: 0, members: [], detail: null },
    ...(found ? { state: { now: found.state.state, after: until?.state ?? '' } } : {}),
    undo: { kind: 'nothing' },
    explain: [`sleep ${Math.ceil(length / 1000)}`],
    estimate: length,
  });
}

async function waitFor(act: Act, length: number): Promise<Applied> {
  const begun = act.clock.monotonic();
  while (!act.signal.aborted) {
    const left = length - (act.clock.monotonic() - begun);
    if (left <= 0) return acted(`waited for ${showDuration(length)}`);
    tell(act, length, left);
    await act.clock.sleep(Math.min(left, LOOK_EVERY), act.signal);
  }
  return interrupted(act.clock.monotonic() - begun);
}

async function waitUntil(act: Act, until: Until, length: number): Promise<Applied> {
  const begun = act.clock.monotonic();
  while (!act.signal.aborted) {
    const found = await findService(act.host.services, until.service);
    const waited = act.clock.monotonic() - begun;
    if ('state' in found && isWord(found.state, until.state)) {
      return acted(`${aim(until)} after ${showDuration(waited)}`);
    }
    if (waited >= length) return tooLong(until, length, 'state' in found ? found.state.state : noService(found.tried));
    tell(act, length, length - waited);
    await act.clock.sleep(Math.min(length - waited, LOOK_EVERY), act.signal);
  }
  return interrupted(act.clock.monotonic() - begun);
}

function tell(act: Act, length: number, left: number): void {
  act.progress({ done: length - left, total: length, text: `${showDuration(left)} left` });
}

function tooLong(until: Until, length: number, seen: string): Applied {
  const summary = `waited until ${aim(until)}`;
  return notActed(summary, `after ${showDuration(length)} it is still: ${seen}`);
}

function interrupted(after: number): Applied {
  return notActed(`waited for ${showDuration(after)}`, 'interrupted', { outcome: 'partial' });
}

const aim = ({ service, state }: Until): string => `${serviceNames(service).join(' or ')} is ${state}`;
