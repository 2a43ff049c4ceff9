#!/usr/bin/env bash
# Builds Android's adbd for this machine from Debian's source package, so that tests can talk to a real one.
#
#   device_tests/adbd/build.sh FOLDER
#
# makes FOLDER/adbd and FOLDER/adbd-secure, which asks for a key as phones do. Both listen on loopback alone.
# Takes about a minute of processor time and 75 MB of download the first time; then nothing.
# Needs: make debian
set -euo pipefail

target=${1:?usage: build.sh FOLDER}
mkdir -p "$target"
target=$(cd "$target" && pwd)
source_package=android-platform-tools
made=$target/made
want=$(sha256sum < "${BASH_SOURCE[0]}")
if [ -x "$target/adbd" ] && [ -x "$target/adbd-secure" ] && [ "$(cat "$made" 2> /dev/null)" = "$want" ]; then
    exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fetch() { # the source package, from the archives that this machine takes its packages from
    mkdir -p "$work/lists/partial" "$work/parts"
    for file in /etc/apt/sources.list.d/*.sources; do
        if [ -f "$file" ]; then sed 's/^Types:.*/Types: deb-src/' "$file" > "$work/parts/$(basename "$file")"; fi
    done
    if [ -f /etc/apt/sources.list ]; then
        sed -n 's/^deb /deb-src /p' /etc/apt/sources.list > "$work/parts/main.list"
    fi
    cat > "$work/apt.conf" <<- CONF
		Dir::Etc::SourceList "/dev/null";
		Dir::Etc::SourceParts "$work/parts";
		Dir::State::Lists "$work/lists";
		APT::Sandbox::User "";
	CONF
    export APT_CONFIG=$work/apt.conf
    if ! { apt-get update -qq && cd "$work" && apt-get source -qq --only-source "$source_package"; } > "$work/fetch.log" 2>&1; then
        cat "$work/fetch.log" >&2
        echo "adbd: this machine's archives do not give the source package $source_package" >&2
        exit 77 # cannot be had here, which is no fault of what is tested
    fi
    unset APT_CONFIG
}

edit() { # edit FILE SED-EXPRESSION: an edit that changes nothing is an error
    cp "$1" "$1.before"
    sed -i "$2" "$1"
    if cmp -s "$1" "$1.before"; then
        echo "adbd: $1 is not what this script knows; '$2' found nothing" >&2
        exit 1
    fi
}

compile() { # compile FOLDER FILE...: objects of the files; DEFINES has more flags
    local folder=$work/$1
    shift
    mkdir -p "$folder"
    printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} sh -c '
        file=$1; shift
        clang++ -c "$file" -o "$0/$(echo "$file" | tr "/" "_").o" "$@"' "$folder" {} "${flags[@]}" ${DEFINES:-}
}

link() { # link NAME: a daemon of the shared objects and its own
    clang++ -fuse-ld=lld "$work"/shared/*.o "$work/$1"/*.o -o "$target/$1" -L"$libraries" -Wl,-rpath="$libraries" \
        -lbase -lcrypto -lcutils -llog -lcap -lresolv -lutil -lpthread
}

fetch
cd "$work"/"$source_package"-*/
libraries=/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)/android
includes=(-I/usr/include/android)
for folder in adb adb/daemon/include base/include include diagnose_usb/include libasyncio/include \
    libcrypto_utils/include libcutils/include adb/adbconnection/include; do
    includes+=(-Isystem/core/$folder)
done
includes+=(-Iframeworks/native/libs/adbd_auth/include)

# Loopback alone, no socket for virtual machines, and an error left over from a step that did not matter is none.
edit system/core/adb/daemon/main.cpp 's/"tcp:%d", /"tcp:localhost:%d", /; s/^ *addrs.push_back(android::base::StringPrintf("vsock.*$//'
edit system/core/adb/transport_local.cpp 's/if (errno == EAFNOSUPPORT/if (serverfd >= 0) errno = 0;\n        &/'
# The keys of owners who agreed lie beside where the daemon was started, not in the root of this machine.
edit frameworks/native/libs/adbd_auth/adbd_auth.cpp 's#{"/adb_keys", "/data/misc/adb/adb_keys"}#{"adb_keys"}#'

core=(adb adb_io adb_listeners adb_trace adb_unique_fd adb_utils fdevent/fdevent fdevent/fdevent_poll
    fdevent/fdevent_epoll services sockets socket_spec sysdeps/errno transport transport_fd transport_local
    transport_usb types sysdeps_unix sysdeps/posix/network shell_service_protocol adbconnection/adbconnection_server
    daemon/auth daemon/jdwp_service daemon/usb_dummy daemon/file_sync_service daemon/services
    daemon/shell_service)
sources=("${core[@]/#/system/core/adb/}")
sources=("${sources[@]/%/.cpp}" system/core/diagnose_usb/diagnose_usb.cpp system/core/libasyncio/AsyncIO.cpp
    frameworks/native/libs/adbd_auth/adbd_auth.cpp)
flags=(-std=gnu++2a -O1 -w -D_GNU_SOURCE -DADB_HOST=0 -DALLOW_ADBD_ROOT=1
    '-DPLATFORM_TOOLS_VERSION="29.0.6"' '-DADB_VERSION="29.0.6"' -DANDROID_BASE_UNIQUE_FD_DISABLE_IMPLICIT_CONVERSION=1
    -include limits.h -include atomic -include optional "${includes[@]}")

# Whether a key is asked for is decided in one file.
own=system/core/adb/daemon/main.cpp
compile shared "${sources[@]}"
clang -c system/core/libcrypto_utils/android_pubkey.c -o "$work/shared/pubkey.o" -O1 -w "${includes[@]}"
DEFINES=-DALLOW_ADBD_NO_AUTH compile adbd "$own"
compile adbd-secure "$own"
link adbd
link adbd-secure
echo "$want" > "$made"
