"""Benchmarks of the application: `make bench`. Nothing here is imported by the application.

One run measures several implementations in turn, on one machine: this project, a textbook
implementation (textbook/, what most developers would write) and floors (floors/, the least that a
request can cost with Django and this database). `--vs REVISION` measures the project beside an
older revision of itself instead.

    __main__.py   the command
    trace.py      how much project code one booking runs (a separate command)
    workloads.py  what is measured: rows of a workload and an implementation
    dataset.py    the rows in every database, the same for all implementations
    fill.py       fills a database (in a separate process)
    testbed.py    PostgreSQL, filled databases, servers
    databases.py  databases: snapshot, restore, count
    servers.py    granian, and the CPU time of processes
    load.py       wrk with load.lua, and pgbench
    run.py        measures every row in every repetition
    metrics.py    the numbers of one measurement
    goals.py      goals, and whether they are reached
    report.py     tables for the terminal, docs/benchmarks.md
    machine.py    hardware and versions
"""
