#!/bin/sh
# Looks for a Chromium for the browser tests; installs Debian's as root when there is none.
set -eu

[ -n "${CHROME:-}" ] && exit 0
for candidate in chromium-headless-shell chromium; do
    command -v "$candidate" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium for the browser tests …"
    apt-get update >/dev/null || :
    for package in chromium-headless-shell chromium; do
        apt-get install -y --no-install-recommends "$package" >/dev/null && exit 0
    done
fi
echo "No Chromium: the browser tests will fail. As root: apt install chromium; or set CHROME." >&2
