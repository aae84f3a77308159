"""A network that loses things: between clients and server, one connection for each request."""

import asyncio
import random
import threading
from collections import Counter
from contextlib import suppress

# What becomes of a request, of a hundred.
FATES = {
    "lost": 2,  # the server never hears of it
    "torn": 1,  # the server gets half of it
    "unanswered": 4,  # it is done, and the answer is lost
    "half answered": 1,
    "late": 2,  # the client sees the connection break, and the request arrives some time later
}
LATE = 0.6  # seconds at most
ANSWER = 15  # seconds; longer than anybody waits for one


class Proxy:
    """A context manager; clients connect to `port`."""

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
        asyncio.run_coroutine_threadsafe(self._stop(), self.loop).result(2 * ANSWER)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def _stop(self):
        self.server.close()
        if others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others, timeout=ANSWER)

    async def _connected(self, reader, writer):
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
                await self._pass_on(await _read_request(reader), writer)
        finally:
            with suppress(OSError):
                writer.close()

    async def _pass_on(self, request, writer):
        fate = self._fate()
        if fate == "lost":
            return
        if fate == "torn":
            await self._ask(request[: len(request) // 2], wait=False)
            return
        if fate == "late":
            writer.close()
            await asyncio.sleep(self.random.uniform(0, LATE))
        answer = await self._ask(request)
        if fate == "half answered":
            answer = answer[: len(answer) // 2]
        if fate not in ("late", "unanswered"):
            writer.write(answer)
            await writer.drain()

    def _fate(self):
        chances = [*FATES.values(), 100 - sum(FATES.values())]
        (fate,) = self.random.choices([*FATES, "delivered"], chances)
        self.fates[fate] += 1
        return fate

    async def _ask(self, request, wait=True):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        try:
            writer.write(request)
            await writer.drain()
            return await asyncio.wait_for(reader.read(), ANSWER) if wait else b""
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
