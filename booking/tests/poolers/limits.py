"""Time limits of the server's connections, seen through the application's own connections.

    DATABASE_URL=… DATABASE_POOLER=… python -m booking.tests.poolers.limits 3

Opens as many transactions at the same moment and prints JSON: what the application wants, and what
each process of the server has.
"""

import json
import os
import sys
import threading

import django


def read(number):
    from django.conf import settings
    from django.db import connection, transaction

    wanted = {
        name: value for name, value in settings.SESSION_SETTINGS.items() if "_timeout" in name
    }
    everyone, found = threading.Barrier(number, timeout=30), {}

    def look():
        columns = ", ".join(f"current_setting('{name}')" for name in wanted)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_backend_pid(), {columns}")
            pid, *values = cursor.fetchone()
            found[pid] = dict(zip(wanted, values, strict=True))
            everyone.wait()  # so that no two have the same process
        connection.close()

    threads = [threading.Thread(target=look) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"wanted": wanted, "found": list(found.values())}


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "movie_booking.settings")
    django.setup()
    json.dump(read(int(sys.argv[1])), sys.stdout)
