"""TCP proxy between application and database that can stop forwarding."""

import asyncio
import threading
from contextlib import suppress


class Network:
    """Context manager. The application connects to `port`; the server listens on `upstream`.

    While it is down no packet arrives, but no connection ends either: what was sent meanwhile
    arrives afterwards.
    """

    def __init__(self, upstream):
        self.upstream = upstream
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        self._call(self._start())
        return self

    def __exit__(self, *exc_info):
        self._call(self._stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def go_down(self):
        self.loop.call_soon_threadsafe(self.is_up.clear)

    def come_up(self):
        self.loop.call_soon_threadsafe(self.is_up.set)

    def reset(self):
        """Break every connection."""
        self._call(self._reset())

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    async def _start(self):
        self.is_up = asyncio.Event()
        self.is_up.set()
        self.writers = set()
        self.server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def _reset(self):
        for writer in self.writers:
            writer.transport.abort()

    async def _stop(self):
        self.server.close()
        self.is_up.set()
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            await self._reset()
            await asyncio.wait(tasks, timeout=0.1)

    async def _connected(self, reader, writer):
        await self.is_up.wait()
        with suppress(OSError):
            upstream = await asyncio.open_connection("127.0.0.1", self.upstream)
            self.writers |= {writer, upstream[1]}
            await asyncio.gather(self._copy(reader, upstream[1]), self._copy(upstream[0], writer))
            self.writers -= {writer, upstream[1]}
        writer.close()

    async def _copy(self, reader, writer):
        with suppress(OSError):
            while data := await reader.read(65_536):
                await self.is_up.wait()
                writer.write(data)
                await writer.drain()
        await self.is_up.wait()
        with suppress(OSError):
            writer.close()
