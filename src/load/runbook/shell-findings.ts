/** What can be found in a text for /bin/sh, each by the name that `accept` takes. */
export const FINDINGS = {
  'shell-syntax': 'a shell cannot read it',
  'unquoted-expansion': 'a value is split into words and globbed',
  eval: 'what was found is run as code',
  'pipe-into-shell': 'what comes from a command is run as code',
  backquotes: 'they do not nest, and eat backslashes',
  'unfilled-template': 'braces of a template that nobody fills in',
  'not-posix': 'bash knows it, and /bin/sh need not',
} as const;
export type FindingName = keyof typeof FINDINGS;
