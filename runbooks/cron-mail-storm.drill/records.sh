# What Postfix's queue files consist of: records of a type, a length and so many bytes. A message is built as a format for printf, since no variable
# of a shell can hold a NUL; a text of up to 2047 bytes, no process.
mail=
LC_ALL=C
record() { # TYPE TEXT
  size=${#2} text=
  rest=$2
  while :; do
    case $rest in *%*) text=$text${rest%%\%*}%% rest=${rest#*%} ;; *) text=$text$rest; break ;; esac
  done
  rest=$text text=
  while :; do
    case $rest in *\\*) text="$text${rest%%\\*}\\\\" rest=${rest#*\\} ;; *) text=$text$rest; break ;; esac
  done
  if [ "$size" -lt 128 ]; then length="\\$((size / 64))$((size / 8 % 8))$((size % 8))"
  else
    low=$((size % 128 + 128)) high=$((size / 128))
    length="\\$((low / 64))$((low / 8 % 8))$((low % 8))\\$((high / 64))$((high / 8 % 8))$((high % 8))"
  fi
  mail="$mail$1$length$text"
}
envelope() {
  record T '1764547200 1'
  record A 'rewrite_context=local'
  record S "$drill_user"
  record R root
  record M ''
}
