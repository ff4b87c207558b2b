"""A job service over HTTP and JSON, in one file: `python job_service.py jobs.libredb 8080`.

    POST /jobs        {"kind": "mail", "to": "ada"}          -> {"id": ".."}
    GET  /jobs?status=waiting&since=2026-11-30&after=CURSOR  -> {"jobs": [..], "next": CURSOR}
    POST /take                                               -> the job that waits longest, or null
    POST /done?job=..                                        -> {"done": true}

Threads share one database. A job is on the disk before its answer is sent, and threads that commit
at the same time share a sync. No job is taken twice.
"""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import libredb


def now() -> str:
    return datetime.now(UTC).isoformat()


class Jobs:
    """What the service does, without HTTP."""

    def __init__(self, db: libredb.Database) -> None:
        self.db = db
        self.jobs = libredb.documents(db, "jobs")
        self.jobs.create_index("status", "at")

    def add(self, **job: object) -> dict[str, Any]:
        return {"id": self.jobs.insert({**job, "status": "waiting", "at": now()})}

    def some(self, status: str, since: str = "", after: str | None = None) -> dict[str, Any]:
        wanted = {"status": status, "at": {"$gte": since}}
        page = self.jobs.find(wanted, order_by="-at", limit=20, after=after).page()
        return {"jobs": page.rows, "next": page.next_cursor}

    def take(self) -> dict[str, Any] | None:
        with self.db.transaction() as tx:
            jobs = self.jobs.on(tx)
            job = jobs.find_one({"status": "waiting"}, order_by="at")
            if job is not None:
                jobs.update(job["id"], {"status": "running", "at": now()})
        return job

    def done(self, job: str) -> dict[str, Any]:
        return {"done": self.jobs.update(job, {"status": "done", "at": now()})}


class Handler(BaseHTTPRequestHandler):
    """HTTP, without what the service does."""

    server: "Service"

    def do_GET(self) -> None:
        self.answer({"/jobs": self.server.jobs.some})

    def do_POST(self) -> None:
        jobs = self.server.jobs
        self.answer({"/jobs": jobs.add, "/take": jobs.take, "/done": jobs.done})

    def answer(self, methods: dict[str, Callable[..., Any]]) -> None:
        _, _, path, values, _ = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            method = methods[path]
            status, answer = 200, method(**dict(parse_qsl(values)), **json.loads(body or "{}"))
        except (KeyError, TypeError, ValueError, libredb.LensError) as error:
            status, answer = 400, {"error": str(error)}
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())


class Service(ThreadingHTTPServer):
    """A thread for each request, and one database for all."""

    def __init__(self, db: libredb.Database, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.jobs = Jobs(db)


if __name__ == "__main__":
    with libredb.open(sys.argv[1], group_commit=libredb.SharedSync()) as db:
        Service(db, int(sys.argv[2])).serve_forever()
