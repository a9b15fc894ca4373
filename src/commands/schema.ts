import { exitCode } from '../model/outcome.ts';
import { defineCommand } from './_command.ts';

export default defineCommand({
  name: 'schema',
  summary: 'print the JSON Schema of runbooks, or of policies',
  about:
    'Prints a JSON Schema (draft 2020-12) with every verb, key and measure described. An editor’s YAML language server completes and checks runbooks ' +
    'with it; `firebreak check` knows more, such as what a reference refers to.',
  args: [{ syntax: '[language]', about: 'runbook (the default) or policy' }],
  options: [],
  examples: [
    ['firebreak schema > runbook.schema.json', 'then put `# yaml-language-server: $schema=runbook.schema.json` at the top of a runbook'],
    ['firebreak schema policy', 'the schema of policies'],
  ],
  async run(io, args) {
    const language = args[0] ?? 'runbook';
    if (language !== 'runbook' && language !== 'policy') {
      io.stderr(`firebreak: there is a schema of \`runbook\` and one of \`policy\`, none of \`${language}\`\n`);
      return exitCode('usage');
    }
    const [{ runbookSchema, policySchema }, { folderCatalogue }] = await Promise.all([
      import('../load/publish.ts'),
      import('../wiring/catalogue.ts'),
    ]);
    const schema = language === 'policy' ? policySchema() : await runbookSchema(folderCatalogue());
    io.stdout(`${JSON.stringify(schema, null, 2)}\n`);
    return 0;
  },
});
