from django.db.models.functions import Now as DjangoNow


class Now(DjangoNow):
    """The database's clock at the start of the statement, to the microsecond.

    SQLite compares times as text and keeps six digits of a second, where Django's `Now` writes
    three: two equal times would not be equal.
    """

    def as_sqlite(self, compiler, connection, **context):
        template = "STRFTIME('%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%f000', 'NOW')"
        return self.as_sql(compiler, connection, template=template, **context)
