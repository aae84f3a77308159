"""TCP proxy between clients and server that loses and cuts messages; one request a connection."""

import asyncio
import random
import threading
from collections import Counter
from contextlib import suppress

# What happens to a request, in per cent; the others are delivered.
FATES = {
    "lost": 2,  # never reaches the server
    "torn": 1,  # the server receives half of it
    "response lost": 4,  # it is processed
    "response torn": 1,  # the client receives half of it
    "late": 2,  # the client's connection breaks, and the request arrives later
}
MAX_DELAY = 0.6  # seconds
RESPONSE_TIMEOUT = 15  # seconds; longer than the clients' own


class Proxy:
    """Context manager; clients connect to `port`."""

    def __init__(self, upstream, seed):
        self.upstream = upstream
        self.random = random.Random(seed)
        self.fates = Counter()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        start = asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=256)
        self.server = asyncio.run_coroutine_threadsafe(start, self.loop).result(10)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *exc_info):
        asyncio.run_coroutine_threadsafe(self._stop(), self.loop).result(2 * RESPONSE_TIMEOUT)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def _stop(self):
        self.server.close()
        if others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others, timeout=RESPONSE_TIMEOUT)

    async def _connected(self, reader, writer):
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
                await self._forward(await _read_request(reader), writer)
        finally:
            with suppress(OSError):
                writer.close()

    async def _forward(self, request, writer):
        fate = self._fate()
        if fate == "lost":
            return
        if fate == "torn":
            await self._send(request[: len(request) // 2], wait=False)
            return
        if fate == "late":
            writer.close()
            await asyncio.sleep(self.random.uniform(0, MAX_DELAY))
        response = await self._send(request)
        if fate == "response torn":
            response = response[: len(response) // 2]
        if fate not in ("late", "response lost"):
            writer.write(response)
            await writer.drain()

    def _fate(self):
        chances = [*FATES.values(), 100 - sum(FATES.values())]
        (fate,) = self.random.choices([*FATES, "delivered"], chances)
        self.fates[fate] += 1
        return fate

    async def _send(self, request, wait=True):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        try:
            writer.write(request)
            await writer.drain()
            return await asyncio.wait_for(reader.read(), RESPONSE_TIMEOUT) if wait else b""
        finally:
            writer.close()


async def _read_request(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [
        int(line.split(b":")[1])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    ]
    return head + (await reader.readexactly(lengths[0]) if lengths else b"")
