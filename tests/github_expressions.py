"""The expressions in ${{ }} and in `if` of GitHub Actions, as far as the kit uses them."""

from __future__ import annotations

import re
from typing import Any

TERM = re.compile(r"'[^']*'|[A-Za-z_][\w-]*(?:\.[\w-]+)*\(?|==|!=|&&|\|\||[!()]|\S")
WORDS = {"&&": " and ", "||": " or ", "!": " not ", "true": "True", "false": "False"}


def filled(text: str, contexts: Any) -> str:
    """Return a text with each ${{ }} in it worked out."""

    def value(found: re.Match[str]) -> str:
        result = _value(found[1], contexts)
        return str(result).lower() if isinstance(result, bool) else str(result)

    return re.sub(r"\$\{\{(.*?)\}\}", value, text)


def is_so(condition: str | None, contexts: Any, is_well: bool) -> bool:
    """Tell whether a job or step runs: without a word on it, where all before it went well."""
    if condition is None:
        return is_well
    text = condition.strip().removeprefix("${{").removesuffix("}}")
    asks = "cancelled()" in text or "always()" in text
    return bool(_value(text, contexts)) and (is_well or asks)


def _value(text: str, contexts: Any) -> Any:
    """Work out an expression of names, texts, ==, !=, &&, || and !."""
    return eval("".join(_term(term) for term in TERM.findall(text)), {"look": lambda path: _look(contexts, path)})


def _term(term: str) -> str:
    if term in WORDS:
        return WORDS[term]
    if term in ("cancelled(", "always("):
        return f"({term == 'always('}"
    if re.match(r"[A-Za-z]", term):
        return f"look({term!r})"
    return term


def _look(contexts: Any, path: str) -> Any:
    found = contexts
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return "" if found is None else found
