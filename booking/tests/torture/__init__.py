"""Evidence that no seat is sold twice and no booking is lost: `make torture`.

Clients book, hold, confirm, move and cancel seats over connections that break, while workers are
killed and the database is restarted. Whatever was asked and answered is written down, and a
checker looks for an order in which one clerk with one ledger would have given the same answers.
docs/correctness.md tells what that proves, and what it does not.

    stage.py        the database before the run, and what is in it afterwards
    system.py       the system under torture: database, server, proxy
    serve.py        the server's command, with workers that are quick to replace
    application.py  what its workers load: the application, and what is broken in it on purpose
    mutants.py      the ways to break it that the checker must notice
    proxy.py        a network that loses requests and answers
    nemesis.py      kills workers, restarts the database
    clients.py      who asks for what
    history.py      what was asked and answered, in a file
    evidence.py     history and database side by side: what certainly happened
    ledger.py       the sequential model: how one clerk would answer
    checker.py      the search for an order
    __main__.py     the command
"""
