"""Serve the page on this machine, for who has the link."""

import socket
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from brittle.core.errors import MissingExtraError, RunError, UsageError
from brittle.store.files import clear_disk_errors

try:
    import uvicorn

    from brittle.server.app import Pages
    from brittle.server.guard import Guard
    from brittle.server.start.forms import allow
except ImportError as error:
    raise MissingExtraError("the page", "serve") from error

HOST, PORT = "127.0.0.1", 8421


def serve(
    root: str | Path = "runs",
    *,
    port: int = PORT,
    models: Sequence[str] = (),
    data: Sequence[str] = (),
    jobs: int = 1,
    read_only: bool = False,
    on_link: Callable[[str], None] = print,
    browser: bool = False,
) -> None:
    """Serve the runs below root until interrupted.

    port:    of 127.0.0.1, the only address; 0 for a free one.
    models, data: what may be asked from the page, as on the command line; the built-in ones by default.
    jobs:    runs that go on at the same time; read_only: none may be started, stopped or continued.
    on_link: told the link that a person enters by; it is good once. browser: open it there.

    Raises RunError where there is no such folder, UsageError where the port is taken.
    """
    folder = Path(root)
    if not read_only:
        with clear_disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
    if not folder.is_dir():
        raise RunError(
            f"expected a folder of runs, got {folder}; brittle audit --out {folder}/NAME makes one"
        )
    with bound_here(port) as bound:
        pages = Pages(folder, None if read_only else allow(models, data, jobs))
        guard = Guard(pages.app(), bound.getsockname()[1])
        on_link(guard.link)
        if browser:
            webbrowser.open(guard.link)
        config = uvicorn.Config(
            guard,
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=2,
        )
        try:
            _Server(config, pages).run(sockets=[bound])
        finally:
            if pages.jobs:
                pages.jobs.end()


class _Server(uvicorn.Server):
    """Ends its streams when it is told to end, which would be waited for otherwise."""

    def __init__(self, config: uvicorn.Config, pages: Pages) -> None:
        super().__init__(config)
        self._pages = pages

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._pages.streams.ending = True
        super().handle_exit(sig, frame)


def bound_here(port: int) -> socket.socket:
    """A socket of this machine alone. Raises UsageError."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
        bound.listen()  # who opens the link at once waits, and is not refused
    except (OSError, OverflowError) as error:
        bound.close()
        raise UsageError(
            f"cannot serve on port {port}: {error}; choose another --port, 0 for a free one"
        ) from error
    return bound
