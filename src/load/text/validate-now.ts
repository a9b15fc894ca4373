import { _, Ajv2020, type Options } from 'ajv/dist/2020.js';

/**
 * ajv with the loader's keywords. They are code, not functions, so that the build can write them down. Imported only
 * where something is compiled now.
 */
export function createAjv(code: Options['code'] = {}): Ajv2020 {
  const made = new Ajv2020({
    allErrors: true,
    verbose: true,
    strict: true,
    strictRequired: false,
    strictTypes: false,
    validateSchema: false,
    logger: false,
    code,
  });
  for (const annotation of ['x-example', 'x-quantity', 'x-instead', 'x-default']) made.addKeyword(annotation);
  // These always fail: ajv has no other way to say where it has seen something.
  for (const sighting of ['x-reference', 'x-regex', 'x-types'])
    made.addKeyword({ keyword: sighting, code: (context) => context.error() });
  for (const keyword of ['x-exactly-one', 'x-one-at-most']) {
    made.addKeyword({
      keyword,
      type: 'object',
      schemaType: 'array',
      code: (context) => {
        const count = context.gen.let('count', 0);
        for (const key of context.schema as readonly string[]) {
          context.gen.if(_`${context.data}[${key}] !== undefined`, () => context.gen.code(_`${count}++`));
        }
        context.fail(keyword === 'x-exactly-one' ? _`${count} !== 1` : _`${count} > 1`);
      },
    });
  }
  made.addKeyword({
    keyword: 'x-only-with',
    type: 'object',
    schemaType: 'object',
    error: { message: 'needs another key', params: ({ params }) => _`{misplaced: ${params.key}}` },
    code: (context) => {
      for (const [key, needs] of Object.entries(context.schema as Readonly<Record<string, readonly string[]>>)) {
        const alone = needs.reduce(
          (so, need) => _`${so} && ${context.data}[${need}] === undefined`,
          _`${context.data}[${key}] !== undefined`,
        );
        context.gen.if(alone, () => {
          context.setParams({ key });
          context.error();
        });
      }
    },
  });
  made.addKeyword({
    keyword: 'x-most-bytes',
    type: 'string',
    schemaType: 'number',
    code: (context) => context.fail(_`new TextEncoder().encode(${context.data}).length > ${context.schema}`),
  });
  return made;
}
