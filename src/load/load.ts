import { isObject } from '../model/json.ts';
import type { Catalogue } from '../model/ports.ts';
import type { Checked, Problem } from '../model/problem.ts';
import type { Runbook } from '../model/runbook.ts';
import { build } from './build.ts';
import { type Composed, compose, type FindUsed } from './compose.ts';
import { type Draft, draft, shapeOfUse, type Use } from './draft.ts';
import { hashOf } from './hash.ts';
import { RUNBOOK } from './language.ts';
import { parse } from './parse.ts';
import { readConditions } from './read-conditions.ts';
import { checkReferences, type Mention, namesOf, unseenReferences } from './references.ts';
import { shellProblems } from './rules/shell.ts';
import { checkRules } from './rules.ts';
import { checkShape, type ShapeResult } from './shape-check.ts';
import { inOrder, pointer, type Source } from './source.ts';

export interface LoadRequest {
  /** For messages, and for the runbook's `source`; nothing is read from it. */
  readonly path: string;
  readonly text: string;
  readonly catalogue: Catalogue;
  /** For `runbook: {use: ...}`: without it no other runbook can be used. */
  readonly findUsed?: FindUsed;
}

/** Text to runbook: every mistake of the text and of those that it uses at once, or a frozen runbook. Reads nothing but what it is given. */
export async function loadRunbook(request: LoadRequest): Promise<Checked<Runbook>> {
  return loadChained(request, [request.path]);
}

async function loadChained(request: LoadRequest, chain: readonly string[]): Promise<Checked<Runbook>> {
  const parsed = parse(request.path, request.text);
  if (!parsed.source) return { ok: false, problems: parsed.problems };
  if (!isObject(parsed.source.value)) return { ok: false, problems: [...parsed.problems, notARunbook(parsed.source)] };
  const spelt = await draft(parsed.source, request.catalogue);
  const composed = await compose(spelt.draft, {
    ...request,
    chain,
    load: (file, deeper) => loadChained({ ...request, ...file }, deeper),
  });
  const read = await check(composed);
  const problems = inOrder([...parsed.problems, ...spelt.problems, ...read.problems, ...composed.problems]);
  if (problems.length > 0) return { ok: false, problems };
  const text = wholeText(request.text, composed.texts);
  return { ok: true, value: build({ ...composed, ...read }, { path: request.path, hash: hashOf(text), text }) };
}

/** What was used is part of what the runbook is: of its hash, and of the text that a resume compares. */
function wholeText(own: string, used: Composed['texts']): string {
  return own + used.map(({ name, text }) => `${own.endsWith('\n') ? '' : '\n'}--- # ${name}\n${text}`).join('');
}

async function check({ draft: read, mentions: handedOn }: Composed) {
  const shapes = await checkShapes(read);
  const names = namesOf(read);
  const conditions = readConditions(read, names);
  const mentions = [...shapes.mentions, ...handedOn, ...conditions.mentions];
  const problems = [
    ...shapes.problems,
    ...conditions.problems,
    ...checkReferences(read.source, names, mentions),
    ...checkRules({ draft: read, names, mentions }),
    ...(await shellProblems({ draft: read, names, mentions })),
  ];
  return { conditions, mentions, problems };
}

/** The language's own keys, then each verb's argument; ajv compiles only what this runbook uses. */
async function checkShapes(read: Draft): Promise<{ readonly problems: readonly Problem[]; readonly mentions: readonly Mention[] }> {
  const whole = await checkShape(read.source, { path: [], shape: RUNBOOK }, read.holes);
  const problems = [...whole.problems];
  const mentions: Mention[] = [];
  for (const step of read.steps.filter(({ grafted }) => !grafted)) {
    for (const use of [...(step.use ? [step.use] : []), ...step.undo]) {
      const result = await checkUse(read, use);
      problems.push(...result.problems);
      mentions.push(...result.sightings.map((sighting) => ({ ...sighting, from: use.misplaced ? undefined : step })));
    }
  }
  return { problems, mentions };
}

async function checkUse(read: Draft, use: Use): Promise<ShapeResult> {
  const shape = shapeOfUse(use);
  const path = [...use.path, use.verb];
  const result = shape ? await checkShape(read.source, { path, shape }, read.holes) : { problems: [], sightings: [] };
  const wrong = result.problems.filter((problem) => problem.code === 'reference-not-allowed');
  const seen = new Set(result.sightings.map((sighting) => pointer(sighting.path)));
  // A reference where none is allowed is told already; what is handed to a used runbook is checked against its parameters.
  const unseen = shape && use.verb !== 'runbook' && wrong.length === 0 ? unseenReferences(use.arg, path, seen) : [];
  return { problems: result.problems, sightings: [...result.sightings, ...unseen] };
}

function notARunbook(source: Source): Problem {
  return { code: 'wrong-type', message: 'a runbook is a map of keys', place: source.placeOf([]), hint: 'it starts with `firebreak: 1`' };
}
