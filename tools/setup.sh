#!/bin/sh
# Creates the virtual environment in .venv and installs Zhida with its tools into it.
# Usage: tools/setup.sh EXTRAS [PYTHON]      EXTRAS such as dev or dev,bench
# Needs only Python >= 3.11. May be run again at any time: a broken environment is made anew.
set -eu

extras=${1:?usage: tools/setup.sh EXTRAS [PYTHON]}
wanted=${2:-}
venv=.venv

say() { printf '%s\n' "$*" >&2; }

# Prints "yes", "no" (too old) or nothing (cannot be run).
new_enough() {
    "$1" -c 'import sys; print("yes" if sys.version_info >= (3, 11) else "no")' 2>/dev/null </dev/null || true
}

can_make_environments() { "$1" -c 'import ensurepip, venv' 2>/dev/null </dev/null; }

# The first Python that is new enough; one that can make environments by itself goes before the others.
find_python() {
    second=
    for name in ${wanted:-python3 python python3.13 python3.12 python3.11 python3.14 python3.15}; do
        if [ "$(new_enough "$name")" = yes ]; then
            if can_make_environments "$name"; then
                printf '%s\n' "$name"
                return
            fi
            second=${second:-$name}
        fi
    done
    printf '%s\n' "$second"
}

environment_works() {
    [ -x "$venv/bin/python" ] && [ "$(new_enough "$venv/bin/python")" = yes ] \
        && "$venv/bin/python" -m pip --version >/dev/null 2>&1
}

if ! environment_works; then
    python=$(find_python)
    if [ -z "$python" ]; then
        say "make setup: no Python >= 3.11 found${wanted:+ under the name $wanted}." \
            "Install one, or name it: make setup PYTHON=/path/to/python3"
        exit 1
    fi
    say "make setup: $("$python" --version)"
    if can_make_environments "$python"; then
        "$python" -m venv --clear "$venv"
    elif "$python" -m virtualenv --version >/dev/null 2>&1; then
        "$python" -m virtualenv --quiet --clear "$venv"
    elif "$python" -c 'import venv' 2>/dev/null && "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m venv --clear --without-pip "$venv"
        "$python" -m pip --python "$venv/bin/python" install --quiet pip
    else
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        say "make setup: this Python $version cannot make a virtual environment: its module ensurepip is missing." \
            "On Debian and Ubuntu install it with: apt-get install python3-venv (or python$version-venv);" \
            "or name another Python: make setup PYTHON=/path/to/python3"
        exit 1
    fi
fi

# The constraints hold for what builds the package, too, hence the variables beside -c.
say "make setup: installing into $venv (a minute or two, some 800 MB)"
PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check -c constraints.txt -e ".[$extras]"
