# Puts a mail from stdin into the spool, and tries until it can, as Postfix's postdrop does: `bin/postdrop lib/postdrop.sh`.
. ./names
. lib/records.sh
envelope
while IFS= read -r line; do record N "$line"; done
record X '' && record E ''

# Without a file system of its own the spool is full at a number of files (`room`).
has_room() {
  [ -z "$room" ] && return 0
  set -- var/maildrop/*
  [ $# -lt "$room" ]
}

until has_room && true 2>/dev/null >var/maildrop/M$$; do sleep 1; done
# The x bit says that it is whole.
printf "$mail" >var/maildrop/M$$ && chmod 700 var/maildrop/M$$
