"""What goes to an endpoint and stands in no run: a header and a query, which environment variables hold."""

import os
import re
from urllib.parse import unquote, urlsplit

from brittle.core.errors import UsageError
from brittle.models.options import ModelOptions

PIECE, LEAST = 6, 4  # characters of a secret in a row that are not shown, and of the shortest word of one
READ, SHOWN = 4096, 300  # characters of what an endpoint says, at most


class Secrets:
    """The stated header and query; their values are read anew each time.

    Raises UsageError where a variable is not set, or cannot be sent.
    """

    def __init__(self, options: ModelOptions) -> None:
        self.options = options
        self.header(), self.query()

    def header(self) -> dict[str, str]:
        """The stated header with its value."""
        if self.options.header is None:
            return {}
        name, _, variable = self.options.header.partition("=")
        return {name: _value(variable, f"the value of header '{name}'")}

    def query(self) -> str:
        """What follows an address, with its "?"; empty where none is stated."""
        if self.options.query is None:
            return ""
        return "?" + _value(self.options.query, "the query of the address").removeprefix("?")

    def hidden(self, text: str) -> str:
        """What an endpoint says, fit to be shown: one line, shortened, no control characters, no secret."""
        plain = " ".join("".join(c if c.isprintable() else " " for c in text[:READ]).split())
        for secret in filter(None, (*self.header().values(), self.query()[1:])):
            for part in _parts(secret):
                plain = plain.replace(part, "*")
        plain = re.sub(r"\*+", "***", plain)
        return plain if len(plain) <= SHOWN else plain[: SHOWN - 1] + "…"


def _parts(secret: str) -> list[str]:
    """What may tell of a secret: it, its words, and every few characters of these."""
    words = {secret, unquote(secret), *re.split(r"[\s&=;,]+", unquote(secret))}
    long = sorted((word for word in words if len(word) >= LEAST), key=len, reverse=True) or [secret]
    pieces = [word[start : start + PIECE] for word in long for start in range(len(word) - PIECE + 1)]
    return [*long, *pieces]


def check_address(address: str) -> None:
    """Raise UsageError for an address without a host, or one that holds what may be a secret."""
    try:
        url = urlsplit(address)
        host, password = url.hostname, url.username or url.password
        _ = url.port
    except ValueError:
        host, password = None, None
    if not host:
        raise UsageError("expected an address like https://host/path, got one without a host")
    if password is not None:
        raise UsageError(
            f"expected the address of {host} without user and password, since a run stores it; "
            "put them into an environment variable and name it as the header"
        )
    if "?" in address or "#" in address:
        raise UsageError(
            f"expected the address of {host} without a query, which may hold a key, since a run stores it; "
            "put what follows the '?' into an environment variable and name that with --query"
        )


def _value(variable: str, what: str) -> str:
    """The value of an environment variable. Raises UsageError where it is not set or cannot be sent."""
    value = os.environ.get(variable, "").strip()
    if not value:
        raise UsageError(f"expected {what} in ${variable}, which is not set; set it")
    if not (value.isascii() and value.isprintable()):
        raise UsageError(f"expected printable ASCII in ${variable}, got other characters; check its value")
    return value
