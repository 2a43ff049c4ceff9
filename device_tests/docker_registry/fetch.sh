#!/usr/bin/env bash
# Unpacks Debian's docker-registry into a folder, without installing it: no service is started, now or later.
#
#   device_tests/docker_registry/fetch.sh FOLDER
#
# makes FOLDER/docker-registry.
set -euo pipefail

target=${1:?usage: fetch.sh FOLDER}
mkdir -p "$target"
if [ -x "$target/docker-registry" ]; then exit 0; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
if ! apt-get -qq -o APT::Sandbox::User= download docker-registry; then
    echo "docker-registry: this machine's archives do not give it" >&2
    exit 77 # cannot be had here, which is no fault of what is tested
fi
dpkg -x ./*.deb root
mv root/usr/bin/docker-registry "$target/docker-registry"
