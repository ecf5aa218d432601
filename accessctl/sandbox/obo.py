"""A request to act on behalf of another business (OBO), as the simulated Graph API keeps it."""

from __future__ import annotations

from dataclasses import dataclass

IN_PROGRESS = "IN_PROGRESS"
APPROVED = "APPROVE"
DECLINED = "DECLINE"
CANCELED = "CANCELED"
FILTERS = (APPROVED, DECLINED, IN_PROGRESS)  # what Meta documents for the parameter status; GRAPH_API 1.5


@dataclass(frozen=True, slots=True)
class OboRequest:
    """`requesting` asks to act on behalf of `receiving` on one ad account (`act_...`).

    `status` is Meta's word, kept verbatim; GRAPH_API 1.5 has twelve.
    """

    id: str
    ad_account: str
    receiving: str
    requesting: str
    status: str = IN_PROGRESS

    @property
    def waits(self) -> bool:
        """Somebody still has to answer it: in progress, or any word with PENDING in it."""
        return self.status == IN_PROGRESS or "PENDING" in self.status

    def concerns(self, business: str) -> bool:
        """Tell whether a business sent it or got it."""
        return business in (self.receiving, self.requesting)
