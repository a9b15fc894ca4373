import type { Schema } from '../model/verb.ts';
import { defineCommand } from './_command.ts';
import { DONE, refuse } from './_result.ts';

export default defineCommand({
  name: 'schema',
  summary: 'print the JSON Schema of runbooks, of policies, of hosts.yaml, or of events',
  about:
    'Prints a JSON Schema (draft 2020-12) with every verb, key and measure described. An editor’s YAML language server completes and checks runbooks ' +
    'with it; `firebreak check` knows more, such as what a reference refers to. `events` is what `firebreak run --output ndjson` prints, a line each.',
  args: [{ syntax: '[language]', about: 'runbook (the default), policy, hosts or events' }],
  options: [{ flags: '--json', about: 'it is JSON anyway' }],
  examples: [
    [
      'firebreak schema > runbook.schema.json',
      'then put `# yaml-language-server: $schema=runbook.schema.json` at the top of a runbook',
    ],
    ['firebreak schema policy', 'the schema of policies'],
    ['firebreak schema events > event.schema.json', 'the schema of every line of NDJSON, for who reads them'],
  ],
  async run(io, args) {
    const language = args[0] ?? 'runbook';
    const schema = await schemaOf(language);
    if (schema === null)
      return refuse(
        `there is a schema of \`runbook\`, of \`policy\`, of \`hosts\` and of \`events\`, none of \`${language}\``,
        'usage',
      );
    io.stdout(`${JSON.stringify(schema, null, 2)}\n`);
    return DONE;
  },
});

/** Null: there is none of that name. */
async function schemaOf(language: string): Promise<Schema | null> {
  if (language === 'events') return (await import('../model/run/event-schema.ts')).eventSchema();
  const { runbookSchema, policySchema, hostsSchema } = await import('../load/publish.ts');
  if (language === 'policy') return policySchema();
  if (language === 'hosts') return hostsSchema();
  return language === 'runbook' ? runbookSchema((await import('../wiring/catalogue.ts')).folderCatalogue()) : null;
}
