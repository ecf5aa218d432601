#!/usr/bin/env bash
# Atlantis runs this for `atlantis plan`, in the project's directory; what it prints becomes the comment.
set -euo pipefail

code=0
accessctl plan --out "$PLANFILE" >"$PLANFILE.txt" || code=$?
if [[ -f "$PLANFILE" ]]; then
  accessctl show "$PLANFILE" --format json >"$SHOWFILE"
fi
# Atlantis sets a fence around it: no name may hold what ends one.
tr '`' "'" <"$PLANFILE.txt"
# 5: something could not be read, and nothing is planned on it. 3: a guard refuses the plan, and so will
# `atlantis apply`, until the number is confirmed there. The plan says both.
[[ "$code" -eq 3 || "$code" -eq 5 ]] || exit "$code"
