#!/usr/bin/env bash
# plan.sh [SNAPSHOT]: what a merge request would change. From a snapshot, it takes nothing of ours but the checkout.
set -euo pipefail

# Only what is made here is handed on: a branch may have files of these names.
rm -rf "$CI_PROJECT_DIR"/{plan.json,plan.md,tfplan.json,gl-code-quality-report.json}

options=()
if [[ $# -gt 0 ]]; then
  snapshot="$CI_PROJECT_DIR/$1"
  if [[ -n "$(git ls-files -- "$snapshot")" || ! -f "$snapshot" ]]; then
    echo "error: there is no snapshot from the job 'accessctl snapshot' of the default branch" >&2
    echo "hint: let the pipeline schedule run there; needs:project, which brings the snapshot, is of GitLab Premium" >&2
    exit 1
  fi
  unset "${!ACCESSCTL_@}"
  options+=(--live "$snapshot")
fi

accessctl validate --render codequality="$CI_PROJECT_DIR/gl-code-quality-report.json"

# The target branch that this is merged into, or the commit where the change began. The first merge request may bring
# accessctl.yaml: then there are no guards to compare with.
base=${CI_MERGE_REQUEST_TARGET_BRANCH_SHA:-${CI_MERGE_REQUEST_DIFF_BASE_SHA:-}}
if git cat-file -e "$base^{commit}" && ! git cat-file -e "$base:./accessctl.yaml" 2>/dev/null; then
  echo "There was no accessctl.yaml before this change, so its guards are compared with none."
else
  options+=(--base-ref "$base")
fi

exec accessctl plan --out "$CI_PROJECT_DIR/plan.json" \
  --render gitlab-terraform="$CI_PROJECT_DIR/tfplan.json" \
  --render markdown="$CI_PROJECT_DIR/plan.md" --max-chars 900000 "${options[@]}"
