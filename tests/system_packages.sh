#!/bin/sh
# Install the compilers and emulators that the tests of the exported C use, the browser that opens the results page and the
# database that a search is spread over, where this may be done; else say what is missing.
# Tests that need what is missing skip and say so.
no_server_of_its_own() { # the tests start a database of their own: installing PostgreSQL shall not leave one running
    settings=/etc/postgresql-common/createcluster.conf
    [ -e "$settings" ] && return 0
    $as_root mkdir -p "${settings%/*}" && echo "create_main_cluster = false" | $as_root tee "$settings" >/dev/null
}

missing=""
for pair in gcc:gcc g++:g++ clang:clang \
    arm-none-eabi-gcc:gcc-arm-none-eabi,libnewlib-arm-none-eabi qemu-system-arm:qemu-system-arm \
    riscv64-unknown-elf-gcc:gcc-riscv64-unknown-elf,picolibc-riscv64-unknown-elf qemu-system-riscv32:qemu-system-misc \
    avr-gcc:gcc-avr,avr-libc simavr:simavr cmake:cmake \
    arduino-builder:arduino-builder,arduino-core-avr,libsimavr-dev \
    chromium:chromium chromedriver:chromium-driver pg_lsclusters:postgresql; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing $(echo "${pair##*:}" | tr , ' ')"
done
sanitizers() { # of clang: a package of its own, named after clang's version
    command -v clang >/dev/null 2>&1 || return 0
    echo "int main(void) { return 0; }" | clang -fsanitize=address,undefined -x c - -o /dev/null 2>/dev/null ||
        echo "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev"
}

install() {
    echo "installing $*"
    $as_root apt-get update -qq >/dev/null &&
        no_server_of_its_own &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
            -o Dpkg::Options::=--force-confold "$@" >/dev/null
}

as_root="none"
if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ]; then
        as_root=""
    elif sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    fi
fi
if [ "$as_root" != none ]; then
    # shellcheck disable=SC2086
    [ -z "$missing" ] || { install $missing && missing=""; }
    late="$(sanitizers)"
    [ -z "$late" ] || install "$late"
fi
missing="${missing# } $(sanitizers)"
[ "$missing" = " " ] || echo "not installed, so tests that need them skip: $missing (Debian: apt-get install $missing)"
exit 0
