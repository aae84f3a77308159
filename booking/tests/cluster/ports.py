"""Ports of servers that restart."""

import random
import socket
from contextlib import suppress

PORTS = range(20_000, 32_000)  # below those that the system gives to clients meanwhile


def fixed_port():
    """A free port that stays free while its server restarts."""
    while True:
        port = random.SystemRandom().choice(PORTS)
        with suppress(OSError), socket.socket() as any_socket:
            any_socket.bind(("127.0.0.1", port))
            return port
