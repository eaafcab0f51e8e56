# The password goes in by standard input: in arguments, everyone who can list processes would see it.
set -eu
exec redis-server "$1" - <<CONF
requirepass "$(sed 's/["\\]/\\&/g' "$2")"
CONF
