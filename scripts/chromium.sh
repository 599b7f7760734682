#!/bin/sh
# Looks for a Chromium for the browser tests; installs Debian's as root when there is none.
set -eu

[ -n "${CHROME:-}" ] && exit 0
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium for the browser tests …"
    { apt-get update && apt-get install -y --no-install-recommends chromium; } >/dev/null && exit 0
fi
echo "No Chromium: the browser tests will fail. As root: apt install chromium; or set CHROME." >&2
