"""A stand-in for the module ray whose actors are threads of this process, and may be killed."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future
from concurrent.futures import wait as wait_for
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any

from brittle.core.lanes import Lanes


class RayActorError(Exception):
    """An actor is no more."""


class FakeRay(ModuleType):
    """What an engine uses of ray.

    deaths: by the number of an actor, calls of `news` after which it dies. deadly: samples that kill actors.
    """

    def __init__(self, deaths: dict[int, int] | None = None, deadly: Sequence[str] = ()) -> None:
        super().__init__("ray")
        self.__spec__ = ModuleSpec("ray", None)
        self.exceptions = SimpleNamespace(RayActorError=RayActorError)
        self.deaths, self.deadly, self.begun, self.joined = deaths or {}, deadly, 0, ""
        self.options: list[dict[str, Any]] = []

    def is_initialized(self) -> bool:
        return bool(self.joined)

    def init(self, address: str, **_: Any) -> None:
        self.joined = address

    def shutdown(self) -> None:
        self.joined = ""

    def remote(self, kind: type[Any]) -> Any:
        def begin(*values: Any) -> _Actor:
            self.begun += 1
            return _Actor(lambda: kind(*values), self.deaths.get(self.begun - 1), self.deadly)

        def options(**given: Any) -> Any:
            self.options.append(given)
            return SimpleNamespace(remote=begin)

        return SimpleNamespace(options=options)

    def wait(self, futures: Sequence[Future[Any]], num_returns: int) -> tuple[list[Any], list[Any]]:
        done, left = wait_for(futures, return_when=FIRST_COMPLETED)
        return [f for f in futures if f in done], [f for f in futures if f in left]

    def get(self, future: Future[Any]) -> Any:
        return future.result()

    def kill(self, actor: "_Actor") -> None:
        actor.dead = True


class _Actor:
    """One actor: its methods answer futures. Its threads end with the process, whatever they wait for."""

    def __init__(self, make: Callable[[], Any], news_left: int | None, deadly: Sequence[str]) -> None:
        self._threads = Lanes[Any](4).__enter__()
        self._made = self._threads.submit(make)
        self.news_left, self.deadly, self.dead = news_left, deadly, False
        self.news = SimpleNamespace(remote=lambda: self._threads.submit(self._news))
        self.give = SimpleNamespace(remote=lambda name: self._threads.submit(lambda: self._give(name)))

    def _news(self) -> Any:
        if self.news_left == 0:
            self.dead = True
        if self.news_left is not None:
            self.news_left -= 1
        found = None if self.dead else self._made.result().news()
        if self.dead:
            raise RayActorError("The actor died: killed\nfor a test")
        return found

    def _give(self, name: str | None) -> None:
        if not self.dead:
            self.dead = name in self.deadly
            self._made.result().give(name)
