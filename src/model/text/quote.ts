/** Words for a POSIX shell, for people to read and paste: nothing of ours is ever run from this text. */
export function quoteWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

export function commandLine(argv: readonly string[]): string {
  return argv.map(quoteWord).join(' ');
}
