"""The relay before the database."""

import socket
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import TestCase
from urllib.parse import quote

from booking.tests.torture.link import SOCKET, Link


class LinkTests(TestCase):
    def test_link_passes_bytes_until_it_is_dropped(self):
        with TemporaryDirectory(dir="/tmp") as folder, socket.socket(socket.AF_UNIX) as database:
            database.bind(f"{folder}/{SOCKET}")
            database.listen()
            link = Link(f"postgres://postgres@{quote(folder, safe='')}/x", Path(folder), seed=1)
            with link, socket.socket(socket.AF_UNIX) as application:
                application.connect(f"{folder}/link/{SOCKET}")
                session, _ = database.accept()
                with session:
                    for end in (application, session):
                        end.settimeout(20)
                    application.sendall(b"COMMIT")
                    self.assertEqual(session.recv(100), b"COMMIT")
                    session.sendall(b"done")
                    self.assertEqual(application.recv(100), b"done")
                    self.assertEqual(link.drop(), 1)
                    self.assertEqual((application.recv(100), session.recv(100)), (b"", b""))
            self.assertFalse((Path(folder) / "link").exists())
