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
    environment = strict_environment("brittle", "report")
    environment.filters |= {"duration": wording.duration, "link": quote}
    return environment


def strict_environment(package: str, folder: str) -> Environment:
    """For templates in a folder of a package, with the filters number and percent: all that they show is
    escaped, and what they miss is an error.
    """
    environment = Environment(
        loader=PackageLoader(package, folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": wording.number, "percent": wording.percent}
    return environment
