from django.conf import settings
from django.db.models.functions import Now as DjangoNow


class Now(DjangoNow):
    """The database's clock at the start of the statement.

    Django's own writes three decimals of a second on SQLite, where stored times have six. SQLite
    compares times as text, so equal times would differ.
    """

    def as_sqlite(self, compiler, connection, **context):
        template = "STRFTIME('%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%f000', 'NOW')"
        return self.as_sql(compiler, connection, template=template, **context)


def sales_open_from():
    """Expression: shows that start after this time have open sales."""
    return Now() - settings.SALES_CLOSE_AFTER_START
