#!/bin/sh
# Start the production server: docs/operations.md. GRANIAN_HOST, GRANIAN_PORT, GRANIAN_WORKERS and
# GRANIAN_BLOCKING_THREADS set address, port, processes and threads; arguments are passed on to
# granian.
set -eu

export GRANIAN_WORKERS="${GRANIAN_WORKERS:-2}"
export GRANIAN_BLOCKING_THREADS="${GRANIAN_BLOCKING_THREADS:-4}"

# Folder for the counters of /metrics, without those of an earlier start.
if [ -n "${METRICS_TOKEN:-}" ]; then
    export PROMETHEUS_MULTIPROC_DIR="${PROMETHEUS_MULTIPROC_DIR:-$(mktemp -d)}"
    mkdir -p "$PROMETHEUS_MULTIPROC_DIR"
    rm -f "$PROMETHEUS_MULTIPROC_DIR"/*.db
fi

# No HTTP/2 without TLS, no WebSockets; limits for the size and the time of headers.
exec granian --interface wsgi --http 1 --no-ws --respawn-failed-workers \
    --http1-buffer-size 65536 --http1-header-read-timeout 10000 "$@" \
    movie_booking.wsgi:application
