"""Email backends for development: mails as text in the console, or as files."""

import re
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends import console
from django.core.mail.backends.base import BaseEmailBackend


class ConsoleBackend(console.EmailBackend):
    """Django's console backend, without HTML; attachments are listed by name and size."""

    def write_message(self, message: EmailMessage) -> None:
        lines = [f"To: {', '.join(message.to)}", f"Subject: {message.subject}"]
        for name, content, _ in message.attachments:
            lines.append(f"Attached: {name} ({max(1, round(len(content) / 1000))} kB)")
        self.stream.write("\n".join([*lines, "", message.body.strip(), "-" * 79, ""]))


class FileBackend(BaseEmailBackend):
    """Write each mail to EMAIL_FILE_PATH as `<Message-ID>.eml`, a file that mail programs open."""

    def open(self) -> bool:
        Path(settings.EMAIL_FILE_PATH).mkdir(parents=True, exist_ok=True)
        return True

    def send_messages(self, email_messages: list[EmailMessage]) -> int:
        self.open()
        for message in email_messages:
            parsed = message.message()
            name = re.sub(r"[^\w.-]", "_", parsed["Message-ID"].strip("<>"))
            (Path(settings.EMAIL_FILE_PATH) / f"{name}.eml").write_bytes(parsed.as_bytes())
        return len(email_messages)
