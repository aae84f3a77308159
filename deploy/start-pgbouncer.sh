#!/bin/sh
# Start PgBouncer, with the role of the application from DATABASE_USER and DATABASE_PASSWORD.
set -eu
umask 077
printf '"%s" "%s"\n' "$DATABASE_USER" "$DATABASE_PASSWORD" >/tmp/users.txt
exec pgbouncer /etc/pgbouncer/pgbouncer.ini
