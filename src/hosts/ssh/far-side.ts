import { END_TREE } from './far-tree.ts';

/** What every host has; the same as for this machine. */
export const FAR_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** In the environment of what a channel starts, so that a double fork with setsid is still found. */
export const MARK = 'FIREBREAK_COMMAND';

const NEXT = 'IFS= read -r l && eval "$l"';

/**
 * The one line that a login shell sees: read alike by bash, dash, fish, tcsh and busybox, because it has no newline,
 * backslash, exclamation mark or inner quote. Everything else comes over stdin, a line at a time: `read` takes not a
 * byte too many.
 */
export const firstWords = (sh: string): string => `exec ${sh} -c '${NEXT}'`;

/** Becomes root where it is not root already, says so on stderr in a frame of its own, and reads the next line. */
export function elevate({
  sh,
  sudo,
  ready,
}: {
  readonly sh: string;
  readonly sudo: string;
  readonly ready: string;
}): string {
  const go = `printf "${ready}<${ready}>0;" >&2; ${NEXT}`;
  return `PATH=${FAR_PATH}; export PATH; case $(id -u) in 0) ${go};; *) exec sudo ${sudo} -- ${sh} -c '${go}';; esac\n`;
}

/** Nothing of the login's environment is kept: what it sets (LD_PRELOAD, GREP_OPTIONS, a PATH) is not ours to trust. */
export const clean = (sh: string, tag = 'sh'): string =>
  `cd / && exec /usr/bin/env -i PATH=${FAR_PATH} LC_ALL=C ${sh} -c 'umask 077; unset PWD OLDPWD; ${NEXT}' ${tag}\n`;

/** A text of many lines for a shell that reads one. One that does not come whole is never begun. $n is a newline. */
export function whole(script: string): string {
  const count = script.split('\n').length;
  const read = 'while [ "$m" -gt 0 ]; do IFS= read -r l || exit 1; c=$c$l$n; m=$((m-1)); done';
  return `n=\${IFS#??}; c=; m=${count}; ${read}; eval "$c"\n${script}\n`;
}

/**
 * The standing shell. A question is a line `NONCE KIND HOW COUNT HOW COUNT`, then its stdin in base64, then the script;
 * the answer is a frame on stdout and one on stderr. KIND `hold` runs in this very shell: what it opens as descriptor 9
 * stays open, for nobody else. HOW is `l`, so many lines, which costs no fork, or `d`, so many bytes with dd, since
 * `read` costs a microsecond a byte. Where the frames are begun by the process that runs the script: where none could
 * be forked there is none. Where the connection ends without a `bye`, what its channels have left is ended too.
 */
export function standingLoop(id: string): string {
  return `
IFS= read -r l </proc/$$/stat; set -- \${l##*) }; shift 19; since=$1; set --
${END_TREE}
trap 'trap - EXIT; end_tree "^${MARK}=${id}[.]" - "$since" "" >/dev/null 2>&1' EXIT
trap 'exit 1' PIPE HUP TERM
take() {
  c=
  case $1 in
    d) c=$(dd bs="$2" count=1 iflag=fullblock 2>/dev/null); [ \${#c} -eq "$2" ] || exit 1; c=$c$n ;;
    l) m=$2; while [ "$m" -gt 0 ]; do IFS= read -r l || exit 1; c=$c$l$n; m=$((m-1)); done ;;
  esac
}
begin() { printf '%s<' "$k"; printf '%s<' "$k" >&2; }
while IFS=' ' read -r k q a b h i; do
  [ "$k" != bye ] || { trap - EXIT; exit 0; }
  take "$h" "$i"; j=$c; take "$a" "$b"
  if [ "$q" = hold ]; then begin; eval "$c" </dev/null >/dev/null 2>&1; s=$?
  elif [ -z "$j" ]; then ( begin; eval "$c" ) </dev/null 9<&-; s=$?
  else printf %s "$j" | base64 -d | { ( begin; eval "$c" ) 9<&-; s=$?; cat >/dev/null; exit $s; }; s=$?; fi
  printf '%s>%s;' "$k" "$s"; printf '%s>%s;' "$k" "$s" >&2
done`;
}

/**
 * What the first question asks: who answers, when it was started, and whether its dd can read to the end of a pipe's
 * block.
 */
export const HELLO = `dd=l; [ "$(printf ab | dd bs=2 count=1 iflag=fullblock 2>/dev/null)" = ab ] && dd=d; printf '%s %s %s %s' "$$" "$since" "$(id -u)" "$dd"`;

/**
 * One script in a session of its own, whose number it tells first, in the frame `pid` on stderr. What it starts carries
 * the mark. The status comes in both frames of `nonce`, also where something it left behind holds its stdout; what this
 * shell has to say of it (`Killed`) is nobody's.
 */
export function channelShell({
  sh,
  nonce,
  pid,
  mark,
}: {
  sh: string;
  nonce: string;
  pid: string;
  mark: string | null;
}): string {
  return `
command -v setsid >/dev/null || setsid() { "$@"; }
${mark === null ? '' : `export ${MARK}=${mark}`}
exec 3>&2 2>/dev/null
setsid ${sh} -c 'printf "${nonce}<"; printf "${pid}<%s${pid}>0;${nonce}<" $$ >&2; unset PWD OLDPWD; ${NEXT}' 2>&3 3>&-
s=$?
printf '${nonce}>%s;' $s; printf '${nonce}>%s;' $s >&3`;
}
