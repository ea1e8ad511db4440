"""How every page is made from its template: escaped, complete, and the same for the same contents."""

from functools import cache
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from brittle.report import wording


def rendered(template: str, contents: dict[str, Any]) -> str:
    """The page as text. Numbers are put into words by the filters number, percent and duration."""
    return _environment().get_template(template).render(contents)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("brittle", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = (wording.number, wording.percent, wording.duration)
    environment.filters |= {word.__name__: word for word in words} | {"link": quote}
    return environment
