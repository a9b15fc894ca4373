import type { Command, SyntaxNode } from 'unbash';

const BUILTINS = 'source let declare typeset shopt pushd popd mapfile readarray compgen complete disown'.split(' ');
const VARIABLES = /^(?:RANDOM|SECONDS|BASHPID|EPOCHSECONDS|EPOCHREALTIME|PIPESTATUS|FUNCNAME|BASH_\w+)$/;

/** What POSIX has no word for, and dash (Debian's /bin/sh) does not know; undefined: it has. */
export function bashOnly(node: SyntaxNode, text: string): string | undefined {
  switch (node.type) {
    case 'TestCommand':
      return '`[[`';
    case 'ArithmeticCommand':
      return '`((`';
    case 'ArithmeticFor':
      return '`for ((`';
    case 'ArrayValue':
      return 'an array';
    case 'Assignment':
      return node.append ? '`+=`' : node.index ? 'an array' : undefined;
    case 'ProcessSubstitution':
      return `\`${node.operator}(...)\``;
    case 'HereString':
      return '`<<<`';
    case 'Redirect':
      return redirect(node);
    case 'FileDescriptorVariable':
      return `\`{${node.name}}\``;
    case 'Pipeline':
      return node.operators.includes('|&') ? '`|&`' : undefined;
    case 'Select':
    case 'Coproc':
      return `\`${node.type.toLowerCase()}\``;
    case 'Function':
      return /^function\s/.test(text.slice(node.pos)) ? '`function`' : undefined;
    case 'CaseItem':
      return node.terminator === ';&' || node.terminator === ';;&' ? `\`${node.terminator}\`` : undefined;
    case 'AnsiCQuoted':
      return "`$'...'`";
    case 'LocaleString':
      return '`$"..."`';
    case 'BraceExpansion':
      return `\`${node.text}\``;
    case 'ExtendedGlob':
      return `\`${node.operator}(...)\``;
    case 'Command':
      return command(node);
    case 'SimpleExpansion':
      return VARIABLES.test(node.text.slice(1)) ? `\`${node.text}\`` : undefined;
    case 'ParameterExpansion': {
      const posix =
        node.operation === undefined || node.operation.type === 'Default' || node.operation.type === 'Remove';
      return posix && node.index === undefined && node.prefix !== '!' && !VARIABLES.test(node.parameter)
        ? undefined
        : `\`${node.text}\``;
    }
    default:
      return undefined;
  }
}

/** `>& file`: to dash that is a descriptor of a strange name. */
function redirect({ operator, target }: Extract<SyntaxNode, { type: 'Redirect' }>): string | undefined {
  if (operator.startsWith('&>')) return `\`${operator}\``;
  const file = target !== undefined && target.parts === undefined && !/^(?:\d+|-)$/.test(target.value);
  return operator === '>&' && file ? '`>&` with a file' : undefined;
}

function command({ name, suffix }: Command): string | undefined {
  const program = name?.value ?? '';
  const words = suffix.flatMap((one) => (one.type === 'Word' ? [one.value] : []));
  if (BUILTINS.includes(program)) return `\`${program}\``;
  switch (program) {
    case '[':
    case 'test':
      return words.includes('==') ? `\`==\` of \`${program}\`` : undefined;
    case 'set':
      return words.includes('pipefail') ? '`pipefail`' : undefined;
    case 'read':
      return words.some((word) => /^-r*[adeintuN]/.test(word)) ? '`read` with such an option' : undefined;
    case 'trap':
      return words.slice(1).some((word) => /^(?:ERR|DEBUG|RETURN)$/.test(word)) ? '`trap` on ERR' : undefined;
    case 'printf':
      return words[0]?.includes('%q') ? '`%q`' : undefined;
    default:
      return undefined;
  }
}
