"""Table of the results, and the page docs/poolers.md."""

HEADINGS = [
    *("PostgreSQL", "pooler", "mode", "max_prepared_statements", "DATABASE_POOLER"),
    *("operations judged", "answers by status", "violations", "time limits in force"),
]
INTRODUCTION = """\
# Behind poolers

`make pooler-test` runs the clients and the faults of the [torture
test](correctness.md#the-torture-test) through each of these, {seconds} s each, on the production
server: granian with {workers} workers of {threads} threads. It writes this page. It fails if the
judge finds a violation (a response that does not fit its request or the tables, an acknowledged
booking that is lost, a seat sold twice), if a response is a 5xx other than 503, or if a server
connection lacks a time limit of the application.

What to use, and how: [Connection poolers](operations.md#connection-poolers).

"""
NOTES = """

Versions: {versions}.

"Answers by status" counts every attempt of a client; "none" are those that got no response, because
the test cuts connections and kills workers. In transaction mode three server connections are shared
by all threads. `DATABASE_POOLER=off` behind a pooler is tested because it is easily forgotten: with
`ignore_startup_parameters = options` in PgBouncer, which refuses the application otherwise.

The time limits are `lock_timeout`, `statement_timeout` and `idle_in_transaction_session_timeout`,
read after the run on server connections that the application gets. Behind PgBouncer and Odyssey
they come from `manage.py tune_database`.
"""


def table(results):
    rows = [HEADINGS, ["---"] * len(HEADINGS), *map(row, results)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def row(result):
    return [
        f"{result.combination.postgres}",
        *result.combination.cells,
        f"{result.operations:,}",
        result.answers,
        f"{len(result.violations)}",
        f"{result.in_force} of {len(result.limits)}",
    ]


def page(results, *, seconds, workers, threads, versions):
    introduction = INTRODUCTION.format(seconds=seconds, workers=workers, threads=threads)
    return introduction + table(results) + NOTES.format(versions=", ".join(versions))
