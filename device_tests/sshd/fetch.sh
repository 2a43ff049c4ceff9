#!/usr/bin/env bash
# Unpacks Debian's sshd into a folder, without installing it: nothing is started, now or at the next boot.
#
#   device_tests/sshd/fetch.sh FOLDER
#
# makes FOLDER/root/usr/sbin/sshd and the libraries that a bare system lacks, in FOLDER/root/usr/lib.
set -euo pipefail

target=${1:?usage: fetch.sh FOLDER}
mkdir -p "$target"
if [ -x "$target/root/usr/sbin/sshd" ]; then exit 0; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
if ! apt-get -qq -o APT::Sandbox::User= download openssh-server libwrap0; then
    echo "sshd: this machine's archives do not give openssh-server" >&2
    exit 77 # cannot be had here, which is no fault of what is tested
fi
mkdir root
for package in ./*.deb; do dpkg -x "$package" root; done
mv root "$target/root"
