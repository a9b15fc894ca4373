# Puts a mail from stdin into the spool, and tries until it can, as Postfix's postdrop does: `bin/postdrop lib/postdrop.sh`.
. ./names
mail=
while IFS= read -r line; do mail="$mail$line
"; done

# Without a file system of its own the spool is full at a number of files (`room`).
has_room() {
  [ -z "$room" ] && return 0
  set -- var/maildrop/*
  [ $# -lt "$room" ]
}

until has_room && true 2>/dev/null >var/maildrop/M$$; do sleep 1; done
printf '%s' "$mail" >var/maildrop/M$$
