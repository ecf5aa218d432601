"""What the calls of one command have told of the edges they went to, before anything is made of it. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from accessctl.limited import OF_BUSINESS

if TYPE_CHECKING:
    from collections.abc import Collection

    Key = tuple[str, str]  # a business and an edge


class Heard:
    """Refusals that leave a doubt, and successes; in which order they came makes no difference."""

    def __init__(self) -> None:
        self._worked: set[Key] = set()
        self._sighted: set[str] = set()
        self._refused: dict[Key, dict[int, set[str]]] = defaultdict(dict)
        self._doubts: dict[Key, int] = {}

    def worked(self, key: Key) -> None:
        """Take in that a call went through."""
        self._worked.add(key)
        if key[1] in OF_BUSINESS:
            self._sighted.add(key[0])

    def has_worked(self, key: Key) -> bool:
        """Tell whether a call of this edge has gone through: then no refusal is one of the whole edge."""
        return key in self._worked

    def sighted(self, business: str) -> None:
        """Take in that a listing of a business went through."""
        self._sighted.add(business)

    def doubtful(self, key: Key, code: int, about: str) -> None:
        """Take in a refusal that may be of one asset, or of the edge; `about` names the asset, if there is one."""
        if about:
            self._refused[key].setdefault(code, set()).add(about)
        else:
            self._doubts[key] = code

    def in_doubt(self, keys: Collection[Key] | None = None) -> list[Key]:
        """Return the edges that were refused and never went through, in order: of `keys`, or of all."""
        found = {*self._refused, *self._doubts} - self._worked
        return sorted(found if keys is None else found & set(keys))

    def alike(self, key: Key, enough: int) -> int:
        """Return the one code that `enough` assets were refused with, 0 where there is none."""
        by_code = self._refused.get(key, {})
        return next((code for code, assets in by_code.items() if len(by_code) == 1 and len(assets) >= enough), 0)

    def alone(self, key: Key) -> int:
        """Return the code that a listing of a business was refused with while others were not, 0 for any other."""
        is_alone = key[1] in OF_BUSINESS and key[0] in self._sighted
        return self._doubts.get(key, 0) if is_alone else 0

    def again(self, key: Key) -> int:
        """Return the code with which one that was known to be closed was refused again, 0 where it was not."""
        return self.alike(key, 1) or self._doubts.get(key, 0)
