import { PRELUDE } from './shell.ts';

/**
 * What a replacement is asked for, all of it words of the shell; the new bytes come on stdin, in base64, so that a
 * shell can hold them.
 */
interface Order {
  readonly path: string;
  /** SHA-256, hexadecimal. */
  readonly before: string;
  readonly after: string;
  readonly size: number;
  readonly most: number;
  /** For the temporary name. */
  readonly nonce: string;
}

/**
 * 0: done; 1: not possible, and nothing is left behind; 2: somebody has changed it. In a subshell: it works in the
 * file's folder, by bare names.
 */
const exchange = ({ before, after, nonce }: Order): string => `
still() { [ ! -L "./$base" ] && [ "./$base" -ef $self ] && [ "$(hash <$self)" = ${before} ]; }
attributes() {
  label=; [ ! -e /sys/fs/selinux/enforce ] || label=,context
  cp --attributes-only --preserve=mode,ownership,xattr$label -- "./$base" "$copy" && [ "$(stat -c '%f %u %g %h %s' "$copy")" = "$kept 1 0" ]
}
fill() { new >"$copy" && dd if=/dev/null of="$copy" conv=notrunc,fsync && [ "$(hash <"$copy")" = ${after} ]; }
exchange() (
  [ "$links" = 1 ] || exit 1
  folder=${'$'}{real%/*} base=${'$'}{real##*/}; [ -n "$folder" ] || folder=/
  closed "${'$'}{real%/*}" && cd -P "$folder" && come "$folder" && [ "./$base" -ef $self ] || exit 1
  copy=./.$(printf %.200s "$base").firebreak-${nonce}
  if ! attributes || ! fill; then rm -f "$copy"; exit 1; fi
  if ! still; then rm -f "$copy"; exit 2; fi
  mv -f "$copy" "./$base" || { rm -f "$copy"; exit 1; }
  # An old sync(1) would take no name and sync all there is, a dead disk too.
  case $(sync --help 2>&1) in *--file-system*) sync . ;; esac
  exit 0
)`;

/**
 * Room first, as empty lines at the end; then all the bytes; truncating comes last. What fails on the way is put back.
 */
const overwrite = ({ before, after, size }: Order): string => String.raw`
write() { { "$1"; head -c "$2" /dev/zero | tr '\000' '\n'; } 1<>$self; }
cut() { dd if=/dev/null of=$self bs=1 seek="$1" count=0 conv=fsync; }
room() {
  [ "$1" -gt 0 ] || return 0
  head -c "$1" /dev/zero | tr '\000' '\n' >>$self
  dd if=/dev/null of=$self conv=notrunc,fsync && [ "$(stat -L -c %s $self)" = ${size} ]
}
overwrite() {
  room $((${size} - oldsize)) || return 1
  padding=$((oldsize - ${size})); [ $padding -gt 0 ] || padding=0
  write new $padding; cut ${size} && [ "$(hash <$self)" = ${after} ]
}
back() { write seen 0; cut "$oldsize"; [ "$(hash <$self)" = ${before} ]; }`;

/**
 * As hosts/local/replace.ts: a new file with the old one's attributes renamed over it where that is safe, else in place
 * and in an order that never empties the file. Nothing is touched before the new bytes are here as a whole, with the
 * right hash, so that a connection that breaks while they come breaks nothing; and once begun it is brought to its end
 * without us (`trap`). Descriptor 3 is the file that was opened; /proc/self/fd/3 opens the same inode again, whatever
 * lies at its path by then, and never makes a file.
 */
export const replaceScript = (order: Order): string => String.raw`${PRELUDE}
self=/proc/self/fd/3
for tool in base64 sha256sum head tr dd; do command -v $tool >/dev/null || { refuse no-tool $tool; exit 3; }; done
bytes=$(cat)
hash() { hashed=$(sha256sum) && printf %s "${'$'}{hashed%% *}"; }
new() { printf %s "$bytes" | base64 -d; }
seen() { printf %s "$old" | base64 -d; }
${exchange(order)}
${overwrite(order)}
replace() (
  exec 3<"$real"
  opened 3 || { refuse $odd; exit 9; }
  said=$( (exec 4<>$self) 2>&1 ) || { refuse said "$said"; exit 9; }
  set -- $(stat -L -c '%s %h %f %u %g' $self)
  [ $# -eq 5 ] || exit 1
  oldsize=$1 links=$2 kept="$3 $4 $5"
  [ "$oldsize" -le ${order.most} ] || { refuse EFBIG; exit 9; }
  old=$(base64 <$self)
  [ "$(seen | hash)" = ${order.before} ] || { refuse changed; exit 9; }
  [ ${order.before} != ${order.after} ] || { printf 'same\0'; exit 9; }
  trap '' HUP INT TERM PIPE
  exchange >/dev/null 2>&1
  case $? in 0) printf 'exchanged\0'; exit 9 ;; 2) refuse changed; exit 9 ;; esac
  [ "$(hash <$self)" = ${order.before} ] || { refuse changed; exit 9; }
  if said=$(overwrite 2>&1); then printf 'overwritten\0'
  elif back >/dev/null 2>&1; then refuse said "$said"
  else refuse torn "$said"; fi
  exit 9
)
[ "$(new | hash)" = ${order.after} ] || { refuse incomplete; exit 3; }
regular ${order.path} || exit 3
replace
[ $? -eq 9 ] || { refuse EIO; exit 3; }
`;
