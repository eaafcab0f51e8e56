# The health check of Redis: does it answer who knows the password?
REDISCLI_AUTH="$(cat /run/cadran/redis/password)" redis-cli --no-auth-warning ping | grep -qx PONG
