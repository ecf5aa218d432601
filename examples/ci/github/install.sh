#!/usr/bin/env bash
# Installs what requirements.txt names into an environment of its own, and says where the program is.
# Python runs isolated (-I): a file of the checkout that is called pip.py is not what we mean.
set -euo pipefail

if [[ -z "$KIT_REQUIREMENTS" ]]; then
  program=$(command -v accessctl)
else
  place="$RUNNER_TEMP/accessctl-venv"
  python -I -m venv "$place"
  "$place/bin/python" -I -m pip install --quiet --disable-pip-version-check \
    --requirement "$GITHUB_ACTION_PATH/$KIT_REQUIREMENTS"
  program="$place/bin/accessctl"
  "$program" --version
fi
printf 'program=%s\n' "$program" >>"$GITHUB_OUTPUT"
