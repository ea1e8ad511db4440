"""Short answers in plain text."""

from starlette.responses import PlainTextResponse, Response


def said(text: str, status: int) -> Response:
    """One line."""
    return PlainTextResponse(" ".join(text.split()) + "\n", status)


def missing() -> Response:
    """What is said where nothing is."""
    return said("there is nothing here", 404)
