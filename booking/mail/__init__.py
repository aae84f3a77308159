"""Mail: composing and sending the mails that wait in the table of mails.

A request only writes a row, in the transaction of the change that the mail is about. So a change
that was rolled back has no mail, and no request waits for a mail server. `manage.py send_mail`
sends waiting mails.
"""

from .reminders import write_reminders
from .sending import Sent, send_waiting

__all__ = ["Sent", "send_waiting", "write_reminders"]
