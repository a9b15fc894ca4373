/** What ajv makes of a schema, without ajv: a function that leaves its errors on itself. */
export interface CompiledCheck {
  (value: unknown): boolean;
  errors?: readonly object[] | null;
}

/**
 * Checks by the hash of their schema, compiled ahead of time. Empty here: the build puts those of the language and of
 * every verb in its place (tools/checks.ts), since ajv's import and compilation take longer than all else that `plan`
 * does before it looks. What is missing here, or has changed since the build, is compiled when it is needed.
 */
export const COMPILED: Readonly<Record<string, () => Promise<{ readonly default: CompiledCheck }>>> = {};
