"""An endpoint in a process of its own that takes its time and answers at random by the bytes of a row.

It costs little: what is measured with it is who asks. A row is answered alike whenever it is asked, and one
in 256 is of another class than most, as flips are rare.
"""

import asyncio
import io
import multiprocessing
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from aiohttp import web
from numpy.typing import NDArray

CLASSES = 10
ANSWERS = np.random.default_rng(0).dirichlet(np.full(CLASSES, 0.5), 4096).astype(np.float32)
ANSWERS[16:] = 0.55 * np.eye(CLASSES, dtype=np.float32)[0] + 0.45 * ANSWERS[16:]
MOST = 1 << 28  # bytes of a request


def answers(x: NDArray[Any]) -> NDArray[np.float32]:
    """Probabilities (n, 10) of rows, by their bytes."""
    return ANSWERS[[zlib.crc32(row) % len(ANSWERS) for row in np.ascontiguousarray(x, np.float32)]]


async def _answer(request: web.Request) -> web.Response:
    x = np.load(io.BytesIO(await request.read()), allow_pickle=False)
    await asyncio.sleep(request.app["seconds"])
    buffer = io.BytesIO()
    np.save(buffer, answers(x))
    return web.Response(body=buffer.getvalue(), content_type="application/x-npy")


async def _serve(seconds: float, pipe: Any) -> None:
    app = web.Application(client_max_size=MOST)
    app["seconds"] = seconds
    app.router.add_post("/", _answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    pipe.send(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    await asyncio.Event().wait()


def _run(seconds: float, pipe: Any) -> None:
    asyncio.run(_serve(seconds, pipe))


@contextmanager
def stub(seconds: float) -> Iterator[str]:
    """The address of one that sleeps so long for every batch; it ends with the block."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(seconds, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


WEIGHTS = np.random.default_rng(0).normal(size=(64, 3))


def tiny(x: NDArray[Any]) -> NDArray[Any]:
    """A linear model in this process, of 1 x 8 x 8."""
    return np.asarray((x.reshape(len(x), -1) - 0.5) @ WEIGHTS)


tiny.input_shape = (1, 8, 8)  # type: ignore[attr-defined]
