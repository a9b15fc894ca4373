# Says `tick` once a minute until nobody listens.
while sleep "$1"; do echo tick || exit; done
