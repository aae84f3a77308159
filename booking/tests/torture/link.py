"""Relay between application and PostgreSQL, whose connections can be dropped at any moment."""

import asyncio
import random
import shutil
import threading
from contextlib import suppress
from urllib.parse import quote, unquote, urlsplit

SOCKET = ".s.PGSQL.5432"
CHUNK = 65536


class Link:
    """Context manager: a Unix socket before the database of a URL, with a `url` of its own."""

    def __init__(self, url, folder, seed):
        parts = urlsplit(url)
        self.upstream = f"{unquote(parts.netloc.rpartition('@')[2])}/{SOCKET}"
        self.folder = folder / "link"
        self.url = f"postgres://postgres@{quote(str(self.folder), safe='')}{parts.path}"
        self.random = random.Random(seed)
        self.connections = []  # pairs of StreamWriter
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self):
        self.folder.mkdir()
        self.thread.start()
        start = asyncio.start_unix_server(self._connected, self.folder / SOCKET, backlog=256)
        self.server = asyncio.run_coroutine_threadsafe(start, self.loop).result(10)
        return self

    def __exit__(self, *exc_info):
        asyncio.run_coroutine_threadsafe(self._stop(), self.loop).result(30)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()
        shutil.rmtree(self.folder)

    def drop(self):
        """Drop some of the connections, at least one if there is any; return how many."""
        return asyncio.run_coroutine_threadsafe(self._drop(), self.loop).result(10)

    async def _drop(self):
        few = self.random.randint(1, len(self.connections)) if self.connections else 0
        for pair in self.random.sample(self.connections, few):
            _abort(pair)
        return few

    async def _stop(self):
        self.server.close()
        for pair in self.connections:
            _abort(pair)
        if others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others, timeout=10)

    async def _connected(self, reader, writer):
        try:
            from_server, to_server = await asyncio.open_unix_connection(self.upstream)
        except OSError:  # the database is down
            writer.close()
            return
        pair = (writer, to_server)
        self.connections.append(pair)
        try:
            ends = [_pump(reader, to_server), _pump(from_server, writer)]
            tasks = [asyncio.ensure_future(each) for each in ends]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            _, waiting = await asyncio.wait(tasks, timeout=1)
            for task in waiting:
                task.cancel()
        finally:
            self.connections.remove(pair)
            for each in pair:
                each.close()


def _abort(pair):
    for writer in pair:
        writer.transport.abort()


async def _pump(reader, writer):
    """Copy until the reader's end, and pass it on."""
    with suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()
