"""Play on a Ray cluster: actors open the model once; this process is the only one that writes.

Whoever reaches a Ray cluster may run code on it (CVE-2023-48022, CVE-2025-62593). So brittle starts one only
where nobody else can reach it, and else joins yours.
"""

import os
import socket
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from brittle.core.errors import MissingExtraError, ModelError, UsageError
from brittle.store.kept import PackedFiles
from brittle.tasks.playing.engines.engine import Job
from brittle.tasks.playing.engines.team import Link, Team
from brittle.tasks.playing.engines.worker import Briefing, Message, work

HERE = "ray"
LOOPBACK = {"lo", "lo0"}
THREADS = 4  # of an actor: one waits for news, another is given samples
END = "end"


class RayCluster(Team):
    """Workers on the nodes of a Ray cluster; code, model and data lie at the same paths on all of them."""

    apart = True

    def __init__(self, job: Job) -> None:
        """Join the cluster. Raises MissingExtraError, UsageError, ModelError where it cannot be reached."""
        super().__init__(job)
        if find_spec("ray") is None:
            raise MissingExtraError("playing on a Ray cluster", "ray")
        if job.opened.settings.keep_answers:
            raise UsageError("expected no --keep-answers on a Ray cluster: its workers share no cache")
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        import ray  # noqa: PLC0415

        self.ray: Any = ray
        self._joined = not ray.is_initialized()
        if self._joined:
            _join(ray, job.opened.settings.on or HERE)

    def threads(self) -> int:
        """As many as it has CPUs."""
        return max(1, int(self.opened.settings.cpus))

    def begin(self, briefing: Briefing) -> Link:
        """Ask for an actor; it may have to wait for a place."""
        settings = self.opened.settings
        options = {
            "num_cpus": settings.cpus,
            "num_gpus": settings.gpus,
            "max_concurrency": THREADS,
            "max_restarts": 0,
        }
        actor = self.ray.remote(_Player).options(**options).remote(briefing, str(Path.cwd()))
        return _Actor(self.ray, actor)

    def speaking(self, links: Sequence[Link]) -> Sequence[Link]:
        """Those that said something before, or else that have answered by now."""
        actors = [link for link in links if isinstance(link, _Actor)]
        if said := [actor for actor in actors if actor.said]:
            return said
        done, _ = self.ray.wait([actor.news for actor in actors], num_returns=1)
        return [actor for actor in actors if actor.news in done]

    def close(self) -> None:
        """Leave the cluster, where it was joined for this."""
        if self._joined:
            self.ray.shutdown()


class _Actor:
    """An actor, what it said and was not heard yet, and the answer that is waited for. Implements Link."""

    def __init__(self, ray: Any, actor: Any) -> None:
        self.ray, self.actor = ray, actor
        self.said: deque[Any] = deque()
        self.news = actor.news.remote()
        self._why = "it ended"

    def send(self, name: str | None) -> None:
        self.actor.give.remote(name)

    def hear(self) -> Message:
        if not self.said:
            try:
                self.said.extend(self.ray.get(self.news))
            except self.ray.exceptions.RayActorError as error:
                self._why = str(error).splitlines()[0]
                raise EOFError from error
            if self.said[-1] != END:
                self.news = self.actor.news.remote()
        said: Any = self.said.popleft()
        if said == END:
            raise EOFError
        return said  # type: ignore[no-any-return]

    def ended(self) -> str:
        return self._why

    def stop(self) -> None:
        with suppress(Exception):
            self.ray.kill(self.actor)


class _Player:
    """What runs in an actor: a worker in a thread, with a queue for each direction."""

    def __init__(self, briefing: Briefing, folder: str) -> None:
        with suppress(OSError):
            os.chdir(folder)
        if folder not in sys.path:
            sys.path.append(folder)
        self._said: SimpleQueue[Any] = SimpleQueue()
        self._given: SimpleQueue[str | None] = SimpleQueue()
        Thread(target=self._work, args=(briefing,), daemon=True).start()

    def _work(self, briefing: Briefing) -> None:
        files = PackedFiles()
        try:
            work(briefing, self._said.put, self._given.get, files, self._said.put, files.take)
        finally:
            self._said.put(END)

    def news(self) -> list[Any]:
        """All that was said since the last time; waits for the first."""
        found = [self._said.get()]
        while not self._said.empty():
            found.append(self._said.get())
        return found

    def give(self, name: str | None) -> None:
        """A sample to be played; None where there is none."""
        self._given.put(name)


def _join(ray: Any, on: str) -> None:
    """Join the cluster at an address, that of this machine, or one of this process alone."""
    quiet: Mapping[str, Any] = {"log_to_driver": False, "configure_logging": False}
    try:
        if on != HERE:
            ray.init(on, **quiet)
        elif running := os.environ.get("RAY_ADDRESS") or _found(ray):
            ray.init(running, **quiet)
        elif {name for _, name in socket.if_nameindex()} <= LOOPBACK:
            ray.init("local", include_dashboard=False, _node_ip_address="127.0.0.1", **quiet)
        else:
            raise UsageError(
                "expected a Ray cluster on this machine, found none, and others could reach one that brittle "
                "started: Ray listens on all interfaces. Start one that you answer for (ray start --head), "
                "name one as --on ray://HOST:PORT, or leave --on out: --workers N plays in N processes"
            )
    except UsageError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"cannot join the Ray cluster '{on}': {type(error).__name__}: {reason}; check that it runs, with "
            "the same versions of Ray and Python, and set RAY_AUTH_MODE=token where it asks for a token"
        ) from error


def _found(ray: Any) -> str | None:
    """The address of a cluster that runs on this machine."""
    found: str | None = ray._private.services.canonicalize_bootstrap_address(None)
    return found
