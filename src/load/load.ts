import { isObject, type Json } from '../model/json.ts';
import type { Catalogue } from '../model/ports.ts';
import type { Checked, Problem } from '../model/problem.ts';
import type { Runbook } from '../model/runbook.ts';
import { shellProblems } from './rules/shell.ts';
import { checkRules } from './rules.ts';
import { build } from './runbook/build.ts';
import { type Composed, compose, type FindUsed } from './runbook/compose.ts';
import { type Draft, draft, shapeOfUse, type Use } from './runbook/draft.ts';
import { RUNBOOK } from './runbook/language.ts';
import { readConditions } from './runbook/read-conditions.ts';
import { checkReferences, type Mention, namesOf, unseenReferences } from './runbook/references.ts';
import { hashOfText } from './text/hash.ts';
import { parse } from './text/parse.ts';
import { checkShape, type ShapeResult } from './text/shape-check.ts';
import { inTextOrder, pointer, type Source } from './text/source.ts';

export interface LoadRequest {
  /** For messages, and for the runbook's `source`; nothing is read from it. */
  readonly path: string;
  readonly text: string;
  readonly catalogue: Catalogue;
  /** For `runbook: {use: ...}`: without it no other runbook can be used. */
  readonly findUsed?: FindUsed;
}

/**
 * Turns a text into a frozen runbook, or returns all mistakes in it and in the runbooks that it uses. It reads nothing
 * but its arguments.
 */
export async function loadRunbook(request: LoadRequest): Promise<Checked<Runbook>> {
  return loadChained(request, [request.path]);
}

const TOO_LONG =
  'a runbook may have some 1 000 steps; put some of them into a runbook of their own, and use it as one step: `runbook: {use: ./part.yaml}`';

async function loadChained(request: LoadRequest, chain: readonly string[]): Promise<Checked<Runbook>> {
  const parsed = parse(request.path, request.text, { tooLong: TOO_LONG });
  if (!parsed.source) return { ok: false, problems: parsed.problems };
  if (!isObject(parsed.source.value)) return { ok: false, problems: [...parsed.problems, notARunbook(parsed.source)] };
  const spelt = await draft(parsed.source, request.catalogue);
  const composed = await compose(spelt.draft, {
    ...request,
    chain,
    load: (file, deeper) => loadChained({ ...request, ...file }, deeper),
  });
  const read = await check(composed);
  const problems = oneAPlace(
    inTextOrder([...parsed.problems, ...spelt.problems, ...read.problems, ...composed.problems]),
  );
  if (problems.length > 0) return { ok: false, problems };
  const text = wholeText(request.text, composed.texts);
  return { ok: true, value: build({ ...composed, ...read }, { path: request.path, hash: hashOfText(text), text }) };
}

/** If the parameters or a whole phase could not be read, each reference to them would be reported as unknown. */
function isReadable({ root, holes }: Draft): boolean {
  return (root.params === undefined || isObject(root.params)) && !holes.has(pointer([]));
}

/**
 * Of several problems at the same place only the one about the reference is reported: it is the reason for the others.
 */
function oneAPlace(problems: readonly Problem[]): readonly Problem[] {
  const at = ({ place: { file, line, column, length } }: Problem) => `${file}:${line}:${column}+${length}`;
  const references = new Set(problems.filter(({ code }) => REFERENCES.includes(code)).map(at));
  return problems.filter((problem) => REFERENCES.includes(problem.code) || !references.has(at(problem)));
}
const REFERENCES = ['reference-in-text', 'bad-reference'];

/** The used runbooks are part of the runbook: of its hash and of the text that a resume compares. */
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
    ...(isReadable(read) ? checkReferences(read.source, names, mentions) : []),
    ...checkRules({ draft: read, names, mentions }),
    ...(await shellProblems({ draft: read, names, mentions })),
  ];
  return { conditions, mentions, problems };
}

/** The language's own keys, then each verb's argument; ajv compiles only what this runbook uses. */
async function checkShapes(
  read: Draft,
): Promise<{ readonly problems: readonly Problem[]; readonly mentions: readonly Mention[] }> {
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
  // References in the wrong place are already reported. Values for a used runbook are checked against its parameters.
  const unseen = shape && use.verb !== 'runbook' && wrong.length === 0 ? unseenReferences(use.arg, path, seen) : [];
  const problems = isObject(use.arg) ? result.problems : result.problems.map((problem) => withExample(problem, use));
  return { problems, sightings: [...result.sightings, ...unseen] };
}

/** `start: nginx` is a map with the name somewhere in it: nobody can guess where. */
function withExample(problem: Problem, { verb, definition }: Use): Problem {
  if (problem.code !== 'wrong-type' || problem.hint !== undefined || !definition) return problem;
  return { ...problem, hint: `for example ${verb}: ${flow(definition.example)}` };
}

/** As one would write it in a line of YAML. */
function flow(value: Json): string {
  if (Array.isArray(value)) return `[${value.map((item: Json) => flow(item)).join(', ')}]`;
  if (isObject(value))
    return `{${Object.entries(value)
      .map(([key, item]) => `${key}: ${flow(item ?? null)}`)
      .join(', ')}}`;
  return typeof value === 'string' && !/^[A-Za-z0-9_./$-]+$/.test(value) ? JSON.stringify(value) : String(value);
}

function notARunbook(source: Source): Problem {
  return {
    code: 'wrong-type',
    message: 'a runbook is a map of keys',
    place: source.placeOf([]),
    hint: 'it starts with `firebreak: 1`',
  };
}
