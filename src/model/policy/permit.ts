import type { Json } from '../json.ts';
import type { Freeze, Policy, PolicyRule, Trigger } from '../policy.ts';
import { misfit } from '../runbook/constraint.ts';
import { declaredWrites, isAction, isDeclaredRead, type Runbook, stepsOf, undoStepsOf } from '../runbook.ts';
import { wildcard } from '../text/wildcard.ts';
import { isFrozen, isOpen, sayLocal, sayWindow } from './window.ts';

/** Who is asked: a person before each action, or a policy once for all of them. */
export type Mode =
  | { readonly kind: 'attended' }
  | { readonly kind: 'unattended'; readonly policy: Policy; readonly trigger: Trigger };

/** What is to be done, where and when. */
export interface Asked {
  readonly runbook: Runbook;
  readonly params: Readonly<Record<string, Json>>;
  readonly host: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** The decision for a whole run: taken before anything is looked at, and again before each resume. */
export type Permit =
  | { readonly kind: 'attended' }
  | { readonly kind: 'allowed'; readonly rule: PolicyRule }
  | { readonly kind: 'denied'; readonly reason: string };

export const CONDITIONS = [
  'runbook',
  'who',
  'hosts',
  'params',
  'during',
  'secrets',
  'deny',
  'declared_read',
  'declared_write',
] as const;

/** One condition of a rule, judged. */
export interface RuleFinding {
  readonly condition: (typeof CONDITIONS)[number];
  readonly holds: boolean;
  /** Why it does not hold, else what holds. */
  readonly say: string;
}

/** A freeze denies everything; else the first rule of which every condition holds allows; else it is denied. */
export function permit(mode: Mode, asked: Asked): Permit {
  if (mode.kind === 'attended') return { kind: 'attended' };
  const { policy, trigger } = mode;
  const freeze = frozenBy(policy, asked, trigger);
  if (freeze) return { kind: 'denied', reason: `${sayFreeze(freeze)} (${policy.source.path})` };
  const rule = policy.rules.find((one) => judgeRule(one, asked, trigger).every(({ holds }) => holds));
  return rule ? { kind: 'allowed', rule } : { kind: 'denied', reason: sayDenied(policy, asked, trigger) };
}

export function frozenBy(policy: Policy, asked: Asked, trigger: Trigger): Freeze | undefined {
  return policy.freeze.find((freeze) => isFrozen(freeze, asked.at, trigger.zone));
}

export function sayFreeze({ from, to, why }: Freeze): string {
  return `frozen from ${from} to ${to}: ${why}`;
}

/** Every condition of a rule, held or not, in the order of CONDITIONS. */
export function judgeRule(rule: PolicyRule, asked: Asked, trigger: Trigger): readonly RuleFinding[] {
  const faults = {
    runbook: runbookFault(rule, asked),
    who:
      rule.who.length === 0 || rule.who.includes('unattended') || rule.who.includes(trigger.who)
        ? null
        : sayWho(rule, trigger),
    hosts: hostFault(rule, asked),
    params: paramsFault(rule, asked),
    during: duringFault(rule, asked, trigger),
    secrets: secretsFault(rule, asked),
    deny: denyFault(rule, asked),
    declared_read: declaredReadFault(rule, asked.runbook),
    declared_write: declaredWriteFault(rule, asked.runbook),
  };
  return CONDITIONS.map((condition) => ({
    condition,
    holds: faults[condition] === null,
    say: faults[condition] ?? sayHeld(rule, condition),
  }));
}

/** Tells whether the rule fits by runbook, host and parameters, before who and when are judged. */
export function couldAllow(rule: PolicyRule, asked: Asked): boolean {
  return runbookFault(rule, asked) === null && hostFault(rule, asked) === null && paramsFault(rule, asked) === null;
}

function runbookFault({ runbook: wanted }: PolicyRule, { runbook }: Asked): string | null {
  const names = [runbook.name, `${runbook.name}@${runbook.version}`, `sha256:${runbook.source.hash}`];
  return names.includes(wanted) ? null : `${wanted} is not ${wanted.startsWith('sha256:') ? names[2] : names[1]}`;
}

function sayWho({ who }: PolicyRule, trigger: Trigger): string {
  return `started by ${trigger.who}, not by ${who.join(' or ')}`;
}

function hostFault({ hosts }: PolicyRule, { host }: Asked): string | null {
  return hosts.length === 0 || hosts.some((pattern) => wildcard(pattern, { cases: false }).test(host))
    ? null
    : `host ${host} is none of ${hosts.join(', ')}`;
}

function paramsFault({ params }: PolicyRule, asked: Asked): string | null {
  const faults = Object.entries(params).flatMap(([name, comparator]) => {
    const fault = misfit(Object.hasOwn(asked.params, name) ? asked.params[name] : undefined, comparator);
    return fault === null ? [] : [`${name} ${fault}`];
  });
  return faults.length === 0 ? null : faults.join('; ');
}

/** A rule with a condition on an unknown parameter never holds. */
export function paramNamesFault({ params }: PolicyRule, runbook: Runbook): string | null {
  const unknown = Object.keys(params).filter((name) => runbook.params.every((param) => param.name !== name));
  return unknown.length === 0 ? null : `it has no parameter ${unknown.join(', ')}`;
}

/**
 * The runbook names the source of a secret. Otherwise whoever starts a run could name any file that root can read and
 * have it handed to a command. A rule that wants another source names it under `params`.
 */
function secretsFault({ params }: PolicyRule, asked: Asked): string | null {
  const others = asked.runbook.params.filter(
    ({ name, type, default: own }) => type === 'secret' && !Object.hasOwn(params, name) && asked.params[name] !== own,
  );
  if (others.length === 0) return null;
  const said = others.map(
    ({ name, default: own }) =>
      `${name} is not taken from ${own === undefined ? 'where the runbook says, which names nothing' : String(own)}`,
  );
  return `${said.join('; ')}: name its source under \`params\` to allow it`;
}

function duringFault({ during }: PolicyRule, { at }: Asked, { zone }: Trigger): string | null {
  if (during.length === 0 || during.some((window) => isOpen(window, at, zone))) return null;
  const clocks = [...new Set(during.map((window) => window.zone ?? zone))].map((one) => `${sayLocal(at, one)} ${one}`);
  return `${clocks.join(', ')} is outside of ${during.map(sayWindow).join(' and ')}`;
}

function denyFault({ deny }: PolicyRule, { runbook }: Asked): string | null {
  const denied = runbook.act.flatMap((step) => [step, ...undoStepsOf(step)]).filter((step) => isAction(step, deny));
  return denied.length === 0 ? null : denied.map(({ id, verb }) => `${id} would ${verb}, which is denied`).join('; ');
}

export function declaredReadFault({ declaredRead }: PolicyRule, runbook: Runbook): string | null {
  const reading = declaredRead === 'allow' ? [] : stepsOf(runbook).filter(isDeclaredRead);
  if (reading.length === 0) return null;
  return `${reading.map(({ id }) => id).join(', ')} would run a command that its author declares to read only, and declared_read is deny`;
}

export function declaredWriteFault({ declaredWrite }: PolicyRule, runbook: Runbook): string | null {
  const writing = declaredWrite === 'allow' ? [] : declaredWrites(runbook);
  if (writing.length === 0) return null;
  return `${writing.join(', ')} would run a command that changes what only its author knows, and declared_write is deny`;
}

function sayHeld(rule: PolicyRule, condition: RuleFinding['condition']): string {
  switch (condition) {
    case 'runbook':
      return rule.runbook;
    case 'who':
      return rule.who.length === 0 || rule.who.includes('unattended') ? 'whoever starts it' : rule.who.join(', ');
    case 'hosts':
      return rule.hosts.length === 0 ? 'any host' : rule.hosts.join(', ');
    case 'params':
      return Object.keys(rule.params).join(', ') || 'any that the runbook takes';
    case 'during':
      return rule.during.length === 0 ? 'at any time' : rule.during.map(sayWindow).join(' and ');
    case 'secrets':
      return 'secrets from where the runbook or this rule says';
    case 'deny':
      return rule.deny.length === 0 ? 'every action' : `no ${rule.deny.join(', no ')}`;
    case 'declared_read':
      return rule.declaredRead === 'allow' ? 'commands that declare to read' : 'no command that declares to read';
    case 'declared_write':
      return rule.declaredWrite === 'allow' ? 'commands that change what their author knows' : 'no such command';
  }
}

/** The nearest rule: one for this runbook, and of those the one with the fewest conditions that fail. */
function sayDenied(policy: Policy, asked: Asked, trigger: Trigger): string {
  const { runbook } = asked;
  const denied = `no rule of ${policy.source.path} allows ${runbook.name}@${runbook.version}`;
  const faults = policy.rules.map((rule) => ({
    rule,
    missed: judgeRule(rule, asked, trigger).filter(({ holds }) => !holds),
  }));
  const near = faults
    .filter(({ missed }) => missed.every(({ condition }) => condition !== 'runbook'))
    .sort((one, other) => one.missed.length - other.missed.length)[0];
  return near ? `${denied}: rule ${near.rule.id}: ${near.missed.map(({ say }) => say).join('; ')}` : denied;
}
