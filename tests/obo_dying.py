"""As tests.dying, for `obo cancel`: its clock is slow too, so that the next run takes what was sent for old."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from accessctl.obo.cancel import cancel_request, settle_open
from tests.dying import main

if __name__ == "__main__":
    slow = timedelta(minutes=int(os.environ.get("DYING_SLOW", "60")))
    for function in (cancel_request, settle_open):
        function.__kwdefaults__["clock"] = lambda: datetime.now(UTC) - slow  # type: ignore[index]
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
