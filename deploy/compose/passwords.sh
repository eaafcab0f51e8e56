# Puts the passwords of a deployment where only those services find them that need them. A file of yours goes
# before what is there, and what is there before a new one, so that a restart changes nothing.
set -eu
umask 022

place() {  # NAME: from /run/secrets/NAME_password to /run/cadran/NAME/password
    given="/run/secrets/$1_password" kept="/run/cadran/$1/password"
    if [ -s "$given" ]; then
        password="$(cat "$given")"
    elif [ -s "$kept" ]; then
        password="$(cat "$kept")"
    else
        password="$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')"
    fi
    case "$password" in
        "" | *[!A-Za-z0-9._~-]*)
            echo "$1_password: must be one line of letters, digits, '.', '_', '~' and '-'" >&2
            exit 2
            ;;
    esac
    printf '%s\n' "$password" > "$kept.new"
    mv "$kept.new" "$kept"
}

place redis
place grafana
printf 'requirepass %s\n' "$(cat /run/cadran/redis/password)" > /run/cadran/redis/auth.conf
