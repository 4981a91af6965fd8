#!/usr/bin/env bash
# Makes this machine ready for `make test`: installs the Debian packages that are missing
# (as root, or through passwordless sudo) and fills the Python environment .venv.
#
# Where it may not install, it says loudly what is missing and goes on. Either way it writes
# target/missing-tools, one word a line and empty when nothing is missing, for later steps:
# a test that needs a tool named there skips, and says so. With CI=true it fails instead.
#
#   FENRUN_VENV=DIR   the Python environment to use instead of .venv; a relative one is
#                     taken from the root of the tree
#   FENRUN_NO_APT=1   never install Debian packages, even as root
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
own_venv=$PWD/.venv
venv=${FENRUN_VENV:-$own_venv}
requirements=tools/requirements.txt
tools="php php-fpm cgi-fcgi composer phpunit jdk mvn valgrind postgres g++ cmake pkg-config python venv"

say() { printf 'setup: %s\n' "$*"; }
have() { command -v "$1" > /dev/null 2>&1; }

# The major version of the JDK that Maven would use, read from the JDK's own release file
# because starting a JVM only to ask it is slow.
jdk_major() {
    local javac=${JAVA_HOME:+$JAVA_HOME/bin/javac} home
    javac=$(readlink -f "${javac:-$(command -v javac)}") && [ -x "$javac" ] || return 1
    home=${javac%/bin/javac}
    if [ -r "$home/release" ]; then
        sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release"
    else
        "$javac" -version 2>&1 | sed -n 's/^javac \([0-9]*\).*/\1/p'
    fi
}

python_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; }
python_makes_venvs() { python3 -c 'import ensurepip, venv' 2> /dev/null; }
venv_works() {
    [ -x "$venv/bin/pip" ] && python_new_enough "$venv/bin/python" || return 1
    # An environment does not survive a move of the tree: its scripts name the old place.
    [ "$venv" != "$own_venv" ] || grep -qF "$venv" "$venv/bin/pip"
}

# Is this tool here, in a state that the tests can use?
present() {
    local modules major
    case $1 in
        php)
            modules=$(php -m 2> /dev/null) || return 1
            [[ $modules == *FFI* && $modules == *"Zend OPcache"* ]]
            ;;
        # Debian's binary carries a version and sits where a user's PATH does not look.
        php-fpm) have php-fpm || compgen -G '/usr/sbin/php-fpm[0-9]*' > /dev/null ;;
        jdk) major=$(jdk_major) && [ "${major:-0}" -ge 17 ] ;;
        # Debian keeps the server's binaries off the PATH.
        postgres) have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null ;;
        # An environment that works already needs no other Python to make it.
        python) venv_works || python_new_enough python3 ;;
        venv) venv_works || python_makes_venvs ;;
        *) have "$1" ;;
    esac
}

# The Debian package that brings it, or nothing where no package would help.
package() {
    local jdk
    case $1 in
        php) echo php-cli ;; # FFI and OPcache come with it
        cgi-fcgi) echo libfcgi-bin ;;
        jdk) # each release of Debian has its own; take the oldest that will do
            for jdk in openjdk-17 openjdk-21 openjdk-25 default; do
                if apt-cache show "$jdk-jdk-headless" > /dev/null 2>&1; then break; fi
            done
            echo "$jdk-jdk-headless"
            ;;
        mvn) echo maven ;;
        postgres) echo postgresql ;;
        python) echo python3 ;;
        venv) python_makes_venvs || echo python3-venv ;;
        *) echo "$1" ;;
    esac
}

describe() {
    case $1 in
        php) echo "PHP's command line with FFI and OPcache" ;;
        php-fpm) echo "PHP's FastCGI server" ;;
        cgi-fcgi) echo "a FastCGI client, to call php-fpm" ;;
        composer) echo "PHP's package manager" ;;
        phpunit) echo "PHP's test runner" ;;
        jdk) echo "a JDK, 17 or newer (javac is $(jdk_major 2> /dev/null || echo missing); JAVA_HOME=${JAVA_HOME:-})" ;;
        mvn) echo "Maven, to build and test the Java binding" ;;
        valgrind) echo "the memory checker for the C tests" ;;
        postgres) echo "PostgreSQL's server, which tests start for themselves" ;;
        g++) echo "a C++ compiler, to check the C header" ;;
        cmake) echo "CMake, to check the package for C users" ;;
        pkg-config) echo "pkg-config, to check the file for C users" ;;
        python) echo "Python 3.11 or newer ($(python3 --version 2> /dev/null || echo 'python3 missing'))" ;;
        venv)
            if python_makes_venvs; then
                echo "the Python environment could not be made or filled (see above)"
            else
                echo "Python's venv and ensurepip, to make the Python environment"
            fi
            ;;
    esac
}

find_missing() {
    local tool
    missing=""
    for tool in $tools; do
        present "$tool" || missing+="${missing:+ }$tool"
    done
}

packages_for() {
    local tool
    for tool in "$@"; do package "$tool"; done | sort -u | paste -s -d ' ' -
}

# May we install, and through what? Sets as_root, which is empty for root.
may_install() {
    as_root=""
    if [ -n "${FENRUN_NO_APT:-}" ] || ! have apt-get; then return 1; fi
    if [ "$(id -u)" = 0 ]; then return 0; fi
    as_root="sudo -n"
    have sudo && sudo -n true 2> /dev/null
}

apt() {
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" >> target/setup-apt.log 2>&1
}

mkdir -p target
missing=""
find_missing

if [ -n "$missing" ] && may_install; then
    say "missing: $missing; installing (log: target/setup-apt.log)"
    : > target/setup-apt.log
    # A package list that cannot be fetched matters only if the install then fails.
    apt update || say "apt-get update failed, going on with the lists at hand"
    # shellcheck disable=SC2046,SC2086 # both are lists of words
    if ! apt install -y --no-install-recommends $(packages_for $missing); then
        say "apt-get install FAILED; its last lines:"
        tail -n 15 target/setup-apt.log
    fi
    hash -r
    find_missing
fi

# The Python environment: made when it is not there or does not run, filled when the
# requirements are not the ones it was last filled with.
fill_venv() {
    if ! venv_works; then
        # Only our own .venv may be wiped and made anew.
        if [ "$venv" != "$own_venv" ] && [ -e "$venv" ]; then
            say "FENRUN_VENV=$venv exists, but is no environment of Python 3.11 or newer with pip"
            return 1
        fi
        say "making the Python environment $venv"
        python3 -m venv --clear "$venv" || return 1
    fi
    if ! cmp -s "$requirements" "$venv/installed-requirements.txt"; then
        say "installing $requirements into $venv"
        "$venv/bin/pip" install -q --disable-pip-version-check -r "$requirements" || return 1
        cp "$requirements" "$venv/installed-requirements.txt"
    fi
}

case " $missing " in
    *" python "* | *" venv "*) ;; # nothing to make it with; said below
    *)
        fill_venv || missing+="${missing:+ }venv"
        ;;
esac

# shellcheck disable=SC2086 # a list of words
printf '%s\n' $missing | sed '/^$/d' > target/missing-tools

if [ -z "$missing" ]; then
    say "all tools are here; Python environment: $venv"
    exit 0
fi

say "=================================================================="
for tool in $missing; do
    say "MISSING $tool: $(describe "$tool")"
    name=$(package "$tool")
    [ -z "$name" ] || say "        apt-get install $name"
done
say "Tests that need these will be SKIPPED."
# shellcheck disable=SC2086 # a list of words
names=$(packages_for $missing)
if [ -n "$names" ]; then
    say "All of them at once:"
    say "  sudo apt-get update && sudo apt-get install -y --no-install-recommends $names"
fi
say "=================================================================="
if [ "${CI:-}" = true ]; then
    say "CI=true: nothing may be missing here"
    exit 1
fi
