# Sourced by what runs one check after the other: step NAME COMMAND... says how it went, and shows the
# output of what failed; $failed_steps counts those.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export CI=true NO_COLOR=1 npm_config_fund=false npm_config_audit=false npm_config_update_notifier=false
exec </dev/null 2>&1

log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
failed_steps=0

step() {
  local name=$1 began=$SECONDS
  shift
  if "$@" >"$log/$name" 2>&1; then
    echo "$name: ok ($((SECONDS - began)) s)"
  else
    echo "$name: FAILED ($((SECONDS - began)) s)"
    tail -n 200 "$log/$name"
    failed_steps=$((failed_steps + 1))
  fi
}
