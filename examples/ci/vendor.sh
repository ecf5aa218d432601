#!/usr/bin/env bash
# vendor.sh DIRECTORY: puts the accessctl of this checkout into DIRECTORY/install, ready for install.sh there: the
# wheel, its sha256, and the hashes of all it needs. Run it again for a new version, and review what changed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
place=${1:?which directory? for GitHub .github/accessctl}/install
mkdir -p "$place"
rm -f "$place"/accessctl-*.whl
cp "$here/install/install.sh" "$here/install/requirements.txt" "$place"
python3 -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$place" "$here/../.."
cd "$place"
sha256sum accessctl-*.whl | tee accessctl.sha256
