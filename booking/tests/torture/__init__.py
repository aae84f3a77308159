"""Torture test (`make torture`): faults on purpose, then a check of every response.

Clients book, hold, confirm, move and cancel seats over connections that break, and staff change
halls, while workers are killed and the database is restarted. All requests and responses are
recorded, and a checker decides whether the history of each show is linearizable: whether there is
an order of all operations in which one clerk, who serves one request after the other, would have
given the same responses. docs/correctness.md says what that proves, and what it does not.

Terms, as in Jepsen:

    history         every request with its attempts and responses, in a file
    nemesis         the thread that injects faults: kills workers, restarts the database
    model           the sequential specification of one show
    checker         searches for an order in which the model gives all recorded responses
    mutant          a deliberately broken version of the application, which the checker must reject

Files:

    __main__.py     the command
    run.py          one run: server, clients and nemesis for a while
    system.py       the system under test: database and production server
    serve.py        command of the server
    application.py  WSGI application of its workers, with the mutant and the crash point
    mutants/        the mutants
    fixture.py      database before a run, dump of its tables afterwards
    proxy.py        network that loses requests and responses
    nemesis.py      the nemesis
    clients.py      the clients; staff.py: what they do as staff, sending.py: requests and retries
    halls.py        the same for halls; drawings.py: the halls of a run
    customers.py    their accounts, and which shows they use when
    history.py      the history
    reconcile.py    history and final tables combined: operations that certainly happened
    events.py  erasures.py  calling_off.py  hall_changes.py  mails.py    what it reads there
    model/          the model
    checker.py      the checker
    verdict.py      verdict on a run
"""

import os

import django

# The checker replays events as the audit does, whose package has Django's models.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "movie_booking.settings")
django.setup()
