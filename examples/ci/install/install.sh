#!/usr/bin/env bash
# install.sh PLACE: installs the accessctl that lies beside this file into PLACE, an environment of its own.
# The wheel must have the sha256 of accessctl.sha256, and each package one of its hashes in requirements.txt: nothing
# is taken by its name alone. Python runs isolated (-I): a file of the checkout called pip.py is not what we mean.
set -euo pipefail

place=$(realpath -m "$1")
cd "$(dirname "${BASH_SOURCE[0]}")"
if [[ ! -f accessctl.sha256 ]]; then
  echo "error: no accessctl.sha256 is beside install.sh, so no wheel is known" >&2
  echo "hint: run examples/ci/vendor.sh of a checkout of accessctl with the directory of the kit" >&2
  exit 1
fi
sums=$(<accessctl.sha256)
if [[ ! "$sums" =~ ^[0-9a-f]{64}\ [\ *](accessctl-[0-9A-Za-z._+-]+\.whl)$ ]]; then
  echo "error: accessctl.sha256 must be one line, of a sha256 and the name of a wheel" >&2
  exit 1
fi
wheel=${BASH_REMATCH[1]}
sha256sum --check --strict --quiet accessctl.sha256

python3 -I -m venv "$place"
pip=("$place/bin/python" -I -m pip --quiet --disable-pip-version-check)
"${pip[@]}" install --require-hashes --only-binary :all: --requirement requirements.txt
"${pip[@]}" install --no-deps --no-index "./$wheel"
"$place/bin/accessctl" --version
