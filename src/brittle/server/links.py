"""Where pages, pictures and files are, as templates say it: addresses of the server, or paths in a bundle."""

from typing import Protocol
from urllib.parse import urlencode

from brittle.server.reading.folders import Found
from brittle.server.reading.names import to_part


class Links(Protocol):
    """Addresses of everything that a page leads to.

    served: whether a server is there, so that what goes on can be shown and started. script: the type of
    scripts. policy: what a page may do, where no server says it. An empty address: there is no such page.
    """

    served: bool
    script: str
    policy: str

    def home(self) -> str:
        """The list of runs."""

    def static(self, name: str) -> str:
        """A script or style."""

    def run(self, found: Found, status: str = "", number: int = 1) -> str:
        """A run, and its samples of a status from one page of the grid on."""

    def report(self, found: Found) -> str:
        """The finished page of a folder."""

    def file(self, found: Found, file: str) -> str:
        """A file of a run as it is."""

    def sample(self, found: Found, sample: str) -> str:
        """A finished sample."""

    def picture(self, found: Found, sample: str) -> str:
        """A sample, small."""


class Served:
    """Addresses of the server. Implements Links."""

    served, script, policy = True, "module", ""

    def home(self) -> str:
        return "/"

    def static(self, name: str) -> str:
        return f"/static/{name}"

    def run(self, found: Found, status: str = "", number: int = 1) -> str:
        asked = {**({"status": status} if status else {}), **({"page": number} if number > 1 else {})}
        return f"/runs/{found.id}" + (f"?{urlencode(asked)}" if asked else "")

    def report(self, found: Found) -> str:
        return f"/runs/{found.id}/{found.page}"

    def file(self, found: Found, file: str) -> str:
        return f"/runs/{found.id}/files/{file}"

    def sample(self, found: Found, sample: str) -> str:
        return f"/runs/{found.id}/samples/{to_part(sample)}"

    def picture(self, found: Found, sample: str) -> str:
        return f"{self.sample(found, sample)}/flip.jpg"
