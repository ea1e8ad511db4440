"""Short answers in plain text."""

from starlette.responses import PlainTextResponse, Response


def said(text: str, status: int) -> Response:
    """One line."""
    line = " ".join(text.split()) + "\n"
    return PlainTextResponse(line.encode("utf-8", "replace"), status)


def missing() -> Response:
    """What is said where nothing is."""
    return said("there is nothing here", 404)
