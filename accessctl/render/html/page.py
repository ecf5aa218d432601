"""One page: a template with its styles and scripts inside, and the policy that lets nothing else run or load."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from accessctl import __version__
from accessctl.clean import display

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 1000  # characters of one text, whoever forgets to cut it


def page(template: str, *, title: str, styles: Sequence[str] = (), scripts: Sequence[str] = (), **facts: object) -> str:
    """Return the page of a template in `templates/`, with base.css and base.js and those of `assets/` that are named.

    Every text is cleaned and escaped where it is printed. Raises jinja2.UndefinedError for a fact that is missing.
    """
    style = _assets("base.css", *styles)
    early, late = _assets("early.js"), _assets("base.js", *scripts)
    ours = {"style": style, "early": early, "late": late, "policy": policy(style, early, late)}
    return _environment().get_template(template).render(title=title, version=__version__, **ours, **facts)


def policy(style: str, *scripts: str) -> str:
    """Return the Content-Security-Policy: these very blocks by their hashes, and nothing from anywhere."""
    allowed = " ".join(map(_hash, scripts))
    parts = ("default-src 'none'", f"style-src {_hash(style)}", f"script-src {allowed}", "base-uri 'none'")
    return "; ".join((*parts, "form-action 'none'"))


def _hash(block: str) -> str:
    return f"'sha256-{b64encode(sha256(block.encode()).digest()).decode()}'"


@cache
def _assets(*names: str) -> Markup:
    """Return files of our own as they are; the browser hashes the same characters."""
    folder = files(__package__) / "assets"
    return Markup("\n").join(Markup((folder / name).read_text("utf-8")) for name in names)  # noqa: S704  our own files


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__ or "", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_cleaned,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["shown"] = display
    environment.filters["grouped"] = lambda number: f"{number:,}"
    return environment


def _cleaned(value: object) -> object:
    """Clean what a template prints, whatever it is; what was made by a template is clean already."""
    return value if hasattr(value, "__html__") else display(str(value), MOST)
