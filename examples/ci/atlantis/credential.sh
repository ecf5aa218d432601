#!/usr/bin/env bash
# The first lines of plan.sh and apply.sh: of the two credentials on the server, a run holds the one it needs alone.
# `use_credential READER` makes ACCESS_READER_TOKEN known as ACCESSCTL_TOKEN, and ACCESS_READER_TOKEN_ACME, if there
# is one for each business, as ACCESSCTL_TOKEN_ACME; `use_credential WRITER` does it with ACCESS_WRITER_TOKEN.
set -euo pipefail

use_credential() {
  local name prefix="ACCESS_$1"
  for name in "${!ACCESSCTL_TOKEN@}"; do
    unset "$name"
  done
  for name in $(compgen -e "${prefix}_TOKEN"); do
    [[ -z "${!name}" ]] || export "ACCESSCTL${name#"$prefix"}=${!name}"
  done
  for name in "${!ACCESS_READER_TOKEN@}" "${!ACCESS_WRITER_TOKEN@}"; do
    unset "$name"
  done
  if [[ -z "${!ACCESSCTL_TOKEN@}" ]]; then
    echo "error: the server has no ${prefix}_TOKEN" >&2
    exit 1
  fi
}

# The digest of a plan is kept outside the checkout, which holds what a pull request has written.
digest_file() {
  local key
  key=$(printf '%s' "$PLANFILE" | sha256sum)
  printf '%s/%s' "${ACCESS_DIGESTS:-/var/lib/accessctl}" "${key%% *}"
}
