#!/usr/bin/env bash
# Atlantis runs this for `atlantis plan`, in the project's directory; what it prints becomes the comment.
set -euo pipefail
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/credential.sh"
use_credential READER

# The checkout is a pull request's: a file or a link of one of these names is not ours.
kept=$(digest_file)
rm -f "$PLANFILE" "$SHOWFILE" "$kept"
shown=$(mktemp)
trap 'rm -f "$shown"' EXIT

code=0
accessctl plan --out "$PLANFILE" >"$shown" || code=$?
if [[ -f "$PLANFILE" ]]; then
  accessctl show "$PLANFILE" --format json >"$SHOWFILE"
  python3 -I -c 'import json, sys; print(json.load(open(sys.argv[1]))["digest"])' "$PLANFILE" >"$kept"
fi
# Atlantis sets a fence around it: no name may hold what ends one.
tr '`' "'" <"$shown"
# 5: something could not be read, and nothing is planned on it. 3: a guard refuses the plan, and so will
# `atlantis apply`, until the number is confirmed there. The plan says both.
[[ "$code" -eq 3 || "$code" -eq 5 ]] || exit "$code"
