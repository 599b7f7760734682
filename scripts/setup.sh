#!/bin/sh
# Makes .venv from the hashed locks, once per lock: "scripts/setup.sh" for running the product,
# "scripts/setup.sh dev" for tests and checks as well. Needs the network only when a lock changed.
# "scripts/setup.sh python" makes nothing: it names the Python that will be used.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*"; }
stop() { printf '%s\n' "$*" >&2; exit 1; }

fits() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

choose_python() {
    for candidate in python3.13 python3.12 python3.11 python3; do
        if fits "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

can_use_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

python=$(choose_python) || python=
if [ -z "$python" ] && can_use_apt; then
    say "Installing python3-venv …" >&2
    { apt-get update && apt-get install -y --no-install-recommends python3-venv; } >/dev/null ||
        stop "python3-venv could not be installed: is there a network?"
    python=$(choose_python) || python=
fi
[ -n "$python" ] || stop "Python 3.11 or newer with venv is missing. As root: apt install python3-venv"
if [ "${1:-}" = python ]; then
    say "$python"
    exit 0
fi

# Put back what worked before this run, or before one that was interrupted.
put_back() {
    if [ -e .venv.before ]; then
        rm -rf .venv
        mv .venv.before .venv
    fi
}

stop_as_before() { put_back; stop "$1"; }

# install NAME STAMP LOCK…: install the locks unless the stamp says they are in.
install() {
    name=$1 stamp=$2
    shift 2
    wanted="$(cat "$@" | sha256sum | cut -d ' ' -f 1) $("$python" --version)"
    [ "$(cat "$stamp" 2>/dev/null || :)" = "$wanted" ] && return 0
    if [ "$name" = runtime ]; then
        say "Making .venv with $("$python" --version) …"
        if [ -e .venv ]; then mv .venv .venv.before; fi
        "$python" -m venv .venv || stop_as_before ".venv could not be made with $python."
    fi
    say "Installing the $name packages (half a minute on a usual line) …"
    options=
    for lock in "$@"; do options="$options -r $lock"; done
    # shellcheck disable=SC2086 # options are words
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-compile \
        --require-hashes $options ||
        stop_as_before "The $name packages could not be installed: is there a network? Then run this again."
    # pip compiles on one core; the packages' own tests need not be compiled at all.
    .venv/bin/python -m compileall -qq -j 0 -x '/tests?/' .venv/lib || :
    rm -rf .venv.before
    printf '%s\n' "$wanted" >"$stamp"
}

put_back
install runtime .venv/.lock-sha requirements.txt
if [ "${1:-}" = dev ]; then
    install development .venv/.dev-lock-sha requirements.txt requirements-dev.txt
fi

for catalogue in clinic/locale/*/LC_MESSAGES/*.po clinic/locale_editor/*/LC_MESSAGES/*.po; do
    [ -e "$catalogue" ] || continue
    compiled="${catalogue%.po}.mo"
    if [ ! -e "$compiled" ] || [ "$catalogue" -nt "$compiled" ]; then
        .venv/bin/pybabel --quiet compile -i "$catalogue" -o "$compiled" ||
            stop "The translations in $catalogue cannot be compiled."
    fi
done
