"""deploy/serve.sh on the files of the image, which it leaves as they are."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from django.conf import settings
from django.test import TransactionTestCase
from django.utils.crypto import get_random_string

from benchmarks.servers import free_port
from booking.tests.test_granian import database_url

TOKEN = "metrics-of-the-test"


class ServeTests(TransactionTestCase):
    def setUp(self):
        self.app = Path(tempfile.mkdtemp(prefix="image-"))
        self.addCleanup(shutil.rmtree, self.app)
        self.app.chmod(0o755)
        for name in ("manage.py", "deploy/serve.sh", "movie_booking", "booking"):  # the Dockerfile
            source, target = settings.BASE_DIR / name, self.app / name
            target.parent.mkdir(exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        shutil.rmtree(self.app / "booking" / "tests")

    def start(self):
        self.port = free_port()
        self.server = subprocess.Popen(
            ["deploy/serve.sh"],
            cwd=self.app,
            env={
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "PYTHONDONTWRITEBYTECODE": "1",
                "DEBUG": "off",
                "HTTPS": "off",
                "SECRET_KEY": get_random_string(50),
                "TICKET_KEYS": get_random_string(50),
                "ALLOWED_HOSTS": "tickets.example",
                "DATABASE_URL": database_url(),
                "METRICS_TOKEN": TOKEN,
                "GRANIAN_PORT": str(self.port),
            },
        )
        self.addCleanup(self.server.wait, 300)
        self.addCleanup(self.server.terminate)

    def ask(self, path, **headers):
        """The body, once the server has started."""
        deadline = time.monotonic() + 300
        while True:
            try:
                request = Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
                with urlopen(request, timeout=60) as response:  # noqa: S310 ours
                    return response.read().decode()
            except HTTPError:
                raise
            except URLError:
                if time.monotonic() > deadline or self.server.poll() is not None:
                    raise
                time.sleep(0.1)

    def test_server_starts_on_the_files_of_the_image_and_sums_its_workers(self):
        before = self.files()
        self.start()
        self.assertEqual(self.ask("/healthz"), '{"status": "ok"}')
        for _ in range(20):
            self.ask("/api/", Host="tickets.example")
        metrics = self.ask("/metrics", Authorization=f"Bearer {TOKEN}")
        line = 'http_requests_total{method="GET",route="api-root",status="200"} 20.0'
        self.assertIn(line, metrics.replace("api_root", "api-root"))
        self.assertEqual(self.files(), before)

    def files(self):
        return {path: path.stat().st_mtime_ns for path in self.app.rglob("*")}
