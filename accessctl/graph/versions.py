"""Until when Meta serves each version of its API, as a literal table. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Version:
    """One version. `ends` is its last day in the Graph API, None where Meta has not named it yet.

    `ads_end` is the same for calls about ad accounts, which are of the Marketing API: its versions live about
    a year, and from then on Meta may answer with a newer one in silence. None where nobody has recorded it.
    """

    name: str
    released: date | None = None
    ends: date | None = None
    ads_end: date | None = None


# Source of all rows: GRAPH_API 6. Meta promises two years or more after the next version came out.
VERSIONS: Mapping[str, Version] = {
    row.name: row
    for row in (
        Version("v20.0", ends=date(2026, 9, 24), ads_end=date(2026, 10, 6)),
        Version("v21.0", ends=date(2027, 1, 21), ads_end=date(2026, 10, 6)),
        Version("v22.0", ends=date(2027, 5, 20), ads_end=date(2026, 10, 6)),
        Version("v23.0", ends=date(2027, 10, 8), ads_end=date(2026, 10, 6)),
        # v24's end is the recorded one; what is older ended then or before.
        Version("v24.0", ends=date(2028, 2, 18), ads_end=date(2026, 10, 6)),
        Version("v25.0", released=date(2026, 2, 18), ends=date(2028, 7, 29)),
        Version("v26.0", released=date(2026, 7, 29)),
    )
}
NEWEST = "v26.0"
