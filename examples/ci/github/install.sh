#!/usr/bin/env bash
# Installs the accessctl of install/ into an environment of its own, and says where the program is.
set -euo pipefail

if [[ "$KIT_INSTALL" == false ]]; then
  program=$(command -v accessctl)
else
  program="$RUNNER_TEMP/accessctl-venv/bin/accessctl"
  bash "$GITHUB_ACTION_PATH/install/install.sh" "$RUNNER_TEMP/accessctl-venv"
fi
printf 'program=%s\n' "$program" >>"$GITHUB_OUTPUT"
