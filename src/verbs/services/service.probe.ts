import {
  findService,
  isRunning,
  noService,
  STATE_INSTEAD,
  STATE_WORDS,
  serviceNames,
} from '../../model/host/service.ts';
import type { ServiceState } from '../../model/host.ts';
import * as shape from '../../model/runbook/shape.ts';
import { showDuration } from '../../model/text/quantity.ts';
import { commandLine } from '../../model/text/quote.ts';
import { defineProbe, type Finding, type Look, type MeasureAbout, unknownFinding } from '../../model/verb.ts';

const measures: Readonly<Record<string, MeasureAbout>> = {
  state: {
    about:
      'running, stopped, failed, starting or stopping; absent where there is no such service. `down` is stopped or failed; running covers reloading, ' +
      'starting covers restarting (it failed, and its manager waits before it starts it again)',
    unit: 'text',
    words: STATE_WORDS,
    instead: STATE_INSTEAD,
  },
  enabled: { about: 'whether it is started at boot', unit: 'boolean' },
  exists: { about: 'whether the service manager knows it', unit: 'boolean' },
  since: { about: 'since when it has been in this state', unit: 'epoch' },
  masked: { about: 'whether its manager refuses to start it (systemctl mask); it may run still', unit: 'boolean' },
  removed: {
    about: 'whether it runs although its unit file is gone, so that it could not be started again',
    unit: 'boolean',
  },
  running_for: { about: 'how long it has been running; nothing where it is not', unit: 'duration' },
};

export default defineProbe({
  summary: 'look at the state of a service',
  about:
    'Tells whether a service runs, whether it is started at boot and since when it is as it is, from cgroups, pid files and the links that enable it; a ' +
    'command is run only where these cannot tell. `first_of` names alternatives: the first that exists is meant. A service that does not exist is not an ' +
    'error: `exists` is false and `state` is `absent`.',
  schema: shape.service('The service to look at.'),
  example: { name: 'postfix' },
  needs: [],
  measures,
  look,
  explain: (arg) =>
    serviceNames(arg).map((name) =>
      name.startsWith('/') ? commandLine([name, 'status']) : commandLine(['service', name, 'status']),
    ),
});

async function look({ host, clock }: Look, arg: shape.ServiceName): Promise<Finding> {
  const found = await findService(host.services, arg);
  if ('tried' in found) return nowhere(found.tried);
  const { state } = found;
  if (state.state === 'unknown') {
    return {
      ...unknownFinding(measures, state.reason ?? `the state of ${state.name} cannot be told`),
      detail: { ...state },
    };
  }
  const lasted = state.since === null ? null : Math.max(0, clock.now() - state.since);
  return {
    summary: sentence(state, lasted),
    measures: {
      state: state.state,
      enabled: state.enabled,
      exists: true,
      since: state.since,
      masked: state.masked ?? false,
      removed: state.removed ?? false,
      running_for: isRunning(state.state) ? lasted : null,
    },
    detail: { ...state },
    blocks: [],
  };
}

function nowhere(tried: readonly string[]): Finding {
  return {
    summary: noService(tried),
    measures: {
      state: 'absent',
      enabled: null,
      exists: false,
      since: null,
      masked: false,
      removed: false,
      running_for: null,
    },
    detail: null,
    blocks: [],
  };
}

/** `postfix is stopped and disabled, for 3 h 4 min or more`. */
function sentence(state: ServiceState, lasted: number | null): string {
  const enabled = state.enabled === null ? '' : state.enabled ? ' and enabled' : ' and disabled';
  const since = lasted === null ? '' : `, for ${showDuration(lasted)}`;
  const pid = state.pid === null ? '' : `, pid ${state.pid}`;
  const marks = `${state.masked ? ', masked' : ''}${state.removed ? ', its unit file is gone' : ''}`;
  const strangers = (state.strangers ?? []).map(({ pid: other, uid }) => `pid ${other} of user ${uid}`);
  const beside = strangers.length === 0 ? '' : `; ${strangers.slice(0, 3).join(', ')} runs its program and is not it`;
  return `${state.name} is ${state.state}${enabled}${marks}${pid}${since}${beside}`;
}
