"""An HTTP server on the loopback for tests of endpoints."""

import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from numpy.typing import NDArray


def sent_rows(asked: BaseHTTPRequestHandler) -> NDArray[Any]:
    """The rows of a request: an npy file, or JSON."""
    body = asked.rfile.read(int(asked.headers["Content-Length"]))
    if asked.headers["Content-Type"] == "application/x-npy":
        return np.asarray(np.load(io.BytesIO(body)))
    return np.array(json.loads(body)["inputs"])


@contextmanager
def serving(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """The address of a server that hands every GET and POST to `answer`; it ends with the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer(self)

        do_GET = do_POST

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}/classify"
        http.shutdown()
