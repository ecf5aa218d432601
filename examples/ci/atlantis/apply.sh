#!/usr/bin/env bash
# Atlantis runs this for `atlantis apply`, after its apply requirements: the plan file of the comment, nothing else.
# A plan that a guard refuses is confirmed with `atlantis apply -- --allow-revokes N`: only that is let through.
set -euo pipefail

# COMMENT_ARGS is what stands behind --, with commas between and a backslash before each character.
arguments=${COMMENT_ARGS:-}
arguments=${arguments//\\/}
confirmed=()
if [[ "$arguments" =~ ^--allow-revokes,([0-9]{1,9})$ ]]; then
  confirmed=(--allow-revokes "${BASH_REMATCH[1]}")
elif [[ -n "$arguments" ]]; then
  echo "error: this workflow takes no arguments but -- --allow-revokes N" >&2
  exit 64
fi
accessctl apply "$PLANFILE" --auto-approve --lock-timeout 10m "${confirmed[@]}" | tr '`' "'"
