#!/bin/sh
# usage: system_packages.sh tests|firmware [WORDS]
# Prints the words, says which programs of the system the tests (or the emulated microcontrollers alone) lack, and installs
# these with apt-get where that was allowed: by SYSTEM=yes, by CI, or by an answer at a terminal; never unasked.
# Tests that need what is missing skip and say so.
set -u
purpose="${1:-tests}" says="${2:-}"
case "${SYSTEM:-ask}" in
yes | no | ask) ;;
*)
    echo "Error: SYSTEM is '$SYSTEM'; say SYSTEM=yes to install what is missing, SYSTEM=no to install nothing" >&2
    exit 2
    ;;
esac

# program | Debian packages | who needs it | what is left out without it
programs="
gcc               | gcc                                                   | tests    | the exported C compiled and run on this computer
g++               | g++                                                   | tests    | the exported C as C++
clang             | clang                                                 | tests    | the exported C under clang and its sanitizers
arm-none-eabi-gcc | gcc-arm-none-eabi libnewlib-arm-none-eabi             | firmware | C for Cortex-M
qemu-system-arm   | qemu-system-arm                                       | firmware | C on emulated Cortex-M
riscv64-unknown-elf-gcc | gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf | tests | C for RISC-V
qemu-system-riscv32 | qemu-system-misc                                    | tests    | C on an emulated RISC-V
avr-gcc           | gcc-avr avr-libc                                      | tests    | C for an 8-bit AVR
simavr            | simavr                                                | tests    | C on an emulated AVR
cmake             | cmake                                                 | tests    | the exported CMake projects
arduino-builder   | arduino-builder arduino-core-avr libsimavr-dev        | tests    | the Arduino sketch, built and run on an emulated Uno
chromium          | chromium                                              | tests    | the page of results in a browser
chromedriver      | chromium-driver                                       | tests    | the page of results in a browser
strace            | strace                                                | tests    | what a killed process or a full disk leaves of a file
mosquitto         | mosquitto                                             | tests    | a station's messages through a real MQTT broker
systemd-analyze   | systemd                                               | tests    | the unit of a station's service, as systemd reads it
pg_lsclusters     | postgresql                                            | tests    | a search spread over a PostgreSQL database
"

sanitizers_of_clang() { # a package of its own, named after clang's version
    command -v clang >/dev/null 2>&1 || return 0
    echo "int main(void) { return 0; }" | clang -fsanitize=address,undefined -x c - -o /dev/null 2>/dev/null && return 0
    version="$(clang -dumpversion)"
    echo "libclang-rt-${version%%.*}-dev"
}

look() { # sets: packages, left_out (a line each)
    packages="" left_out=""
    while IFS='|' read -r program needed who what; do
        program="$(echo $program)" who="$(echo $who)" what="$(echo $what)"
        [ -n "$program" ] || continue
        [ "$purpose" = tests ] || [ "$purpose" = "$who" ] || continue
        command -v "$program" >/dev/null 2>&1 && continue
        [ ! -x "/usr/sbin/$program" ] || continue # daemons, which the PATH of users does not show
        packages="$packages $(echo $needed)"
        left_out="$left_out
  $program: $what"
    done <<END
$programs
END
    if [ "$purpose" = tests ] && late="$(sanitizers_of_clang)" && [ -n "$late" ]; then
        packages="$packages $late"
        left_out="$left_out
  $late: the exported C under the sanitizers of clang"
    fi
    packages="${packages# }"
}

find_apt() { # sets as_root: how to run apt-get as root; 'none' where that cannot be done
    as_root="none"
    command -v apt-get >/dev/null 2>&1 || return 0
    if [ "$(id -u)" = 0 ]; then
        as_root=""
    elif command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
        as_root="sudo" # which asks for a password at a terminal
    fi
}

may_install() {
    [ "$as_root" != none ] || return 1
    case "${SYSTEM:-ask}" in yes) return 0 ;; no) return 1 ;; esac
    case "${CI:-}" in "" | 0 | false) ;; *) return 0 ;; esac
    [ -t 0 ] && [ -t 1 ] || return 1
    printf "Install them now with apt-get? [y/N] "
    read -r answer || return 1
    case "$answer" in y | Y | yes | Yes) return 0 ;; *) return 1 ;; esac
}

no_server_of_its_own() { # the tests start a database of their own: installing PostgreSQL shall not leave one running
    settings=/etc/postgresql-common/createcluster.conf
    [ -e "$settings" ] && return 0
    $as_root mkdir -p "${settings%/*}" && echo "create_main_cluster = false" | $as_root tee "$settings" >/dev/null
}

install() {
    echo "installing: $*"
    $as_root apt-get update -qq >/dev/null || return 1
    case " $* " in *" postgresql "*) no_server_of_its_own || return 1 ;; esac
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        -o Dpkg::Options::=--force-confold "$@" >/dev/null
}

[ -z "$says" ] || echo "$says"
look
[ -n "$packages" ] || exit 0
find_apt
echo "missing, so that this is left out:$left_out"
if [ "$as_root" != none ]; then
    echo "Debian packages: $packages"
    echo "(SYSTEM=yes behind make installs them without asking, SYSTEM=no goes on without them)"
fi
if may_install; then
    # shellcheck disable=SC2086
    install $packages || echo "Warning: apt-get failed" >&2
    look # with clang there its sanitizers may be lacking
    # shellcheck disable=SC2086
    case "$packages" in libclang-rt-*) install $packages && look ;; esac
    [ -n "$packages" ] || exit 0
    echo "still missing, so that this is left out:$left_out"
fi
echo "Going on without. To have it: sudo apt-get install --no-install-recommends $packages"
exit 0
