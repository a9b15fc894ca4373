# Takes a mail on stdin and hands it to postdrop, as Postfix's sendmail does: `bin/sendmail lib/sendmail.sh`.
. ./names
mail=
while IFS= read -r line; do mail="$mail$line
"; done
printf '%s' "$mail" | bin/$postdrop_name lib/postdrop.sh
