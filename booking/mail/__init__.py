"""Mail: what it says, and sending what waits in the table of mails.

A request only writes a row, in the transaction of the change that the mail tells of: so there is no
mail for what was rolled back, and a request does not wait for a mail server. `manage.py send_mail`
sends what waits.
"""

from .reminders import write_reminders
from .sending import Sent, send_waiting

__all__ = ["Sent", "send_waiting", "write_reminders"]
