REDISCLI_AUTH="$(cat "$1")" redis-cli --no-auth-warning ping | grep -q PONG
