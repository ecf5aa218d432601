#!/usr/bin/env bash
# Atlantis runs this for `atlantis apply`, after its apply requirements: the plan that plan.sh made, nothing else.
# Two things may be said there, each bound to the plan that was read:
#   atlantis apply -- --expect-digest sha256:...    the digest at the end of the plan's comment
#   atlantis apply -- --allow-revokes N             the number that confirms a plan which a guard refuses
set -euo pipefail
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/credential.sh"
use_credential WRITER

kept=$(digest_file)
if [[ ! -f "$kept" ]]; then
  echo "error: no plan was made here for this pull request" >&2
  echo "hint: comment: atlantis plan" >&2
  exit 1
fi
digest=$(<"$kept")

# COMMENT_ARGS is what stands behind --, with commas between and a backslash before each character.
arguments=${COMMENT_ARGS:-}
arguments=${arguments//\\/}
confirmed=() reviewed=$digest
while [[ -n "$arguments" ]]; do
  if [[ "$arguments" =~ ^--allow-revokes,([0-9]{1,9})(,(.+))?$ ]]; then
    confirmed=(--allow-revokes "${BASH_REMATCH[1]}")
  elif [[ "$arguments" =~ ^--expect-digest,(sha256:[0-9a-f]{64})(,(.+))?$ ]]; then
    reviewed=${BASH_REMATCH[1]}
  else
    echo "error: after -- may stand --expect-digest sha256:... and --allow-revokes N" >&2
    exit 64
  fi
  arguments=${BASH_REMATCH[3]:-}
done
if [[ "$reviewed" != "$digest" ]]; then
  echo "error: the plan here is not the one of that digest: $digest" >&2
  echo "hint: review the newest comment with a plan" >&2
  exit 4
fi
accessctl apply "$PLANFILE" --auto-approve --expect-digest "$digest" --lock-timeout 10m "${confirmed[@]}" | tr '`' "'"
