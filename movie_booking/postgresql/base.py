import time

from django.db.backends.postgresql import base
from django.db.backends.utils import logger

from .messages import Messages, is_quiet


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params):
        connection = super().get_new_connection(conn_params)
        self.messages = Messages(connection)
        return connection

    def close_if_health_check_failed(self):
        """Once in a request: a connection on which nobody has said anything is well. It is asked
        only where somebody has, as a server does that goes away."""
        due = self.health_check_enabled and not self.health_check_done
        if due and self.connection is not None:
            self.health_check_done = is_quiet(self.connection)
        super().close_if_health_check_failed()

    def put_together(self, statements, *, last=False):
        """Put statements, each with its parameters, to the server in one message, and wait once;
        the rows of each.

        What follows a lock is read after the wait for it, as ever. The BEGIN of a transaction goes
        with its first statements; with its `last` ones COMMIT does, unless the transaction is part
        of another. Nothing may fail after that but what nobody wants to undo.

        Raises the error of the first statement that fails; the server skips what follows it.
        """
        self.validate_no_broken_transaction()
        self.close_if_health_check_failed()
        self.ensure_connection()
        commit = last and len(self.atomic_blocks) == 1 and self.commit_on_exit
        started = time.monotonic()
        try:
            with self.wrap_database_errors:
                return self.messages.put(statements, commit=commit)
        finally:
            if self.queries_logged:
                seconds = (time.monotonic() - started) / len(statements)
                for sql, given in statements:
                    self.queries_log.append({"sql": sql, "time": f"{seconds:.3f}"})
                    logger.debug("(%.3f) %s; args=%s; alias=%s", seconds, sql, given, self.alias)
