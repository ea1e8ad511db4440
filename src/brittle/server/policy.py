"""What pages may do, as content security policies."""

from base64 import b64encode
from hashlib import sha256

from brittle.server.pages import statics

OWN_IN_FILES = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'"
)
"""Of a page of ours in a bundle; data that a page holds is no script."""


def report_policy() -> str:
    """What a page of a run may do: show itself, and sort its tables with the one script of ours."""
    return f"sandbox allow-scripts; {_shows_itself()}"


def report_policy_in_files() -> str:
    """The same of a page in a bundle, which is in no sandbox, as a page cannot put itself into one."""
    return f"{_shows_itself()}; base-uri 'none'; form-action 'none'"


def _shows_itself() -> str:
    script = b"\n" + statics()["sort.js"].rstrip(b"\n")
    digest = b64encode(sha256(script).digest()).decode()
    return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
