#!/usr/bin/env bash
# Unpacks Debian's Kotlin compiler and the two libraries that it needs into a folder, without installing them.
#
#   device_tests/kotlin/fetch.sh FOLDER
#
# makes FOLDER/kotlin-compiler.jar, FOLDER/kotlin-stdlib.jar and others beside them.
set -euo pipefail

target=${1:?usage: fetch.sh FOLDER}
mkdir -p "$target"
if [ -f "$target/kotlin-compiler.jar" ]; then exit 0; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
if ! apt-get -qq -o APT::Sandbox::User= download kotlin libtrove-intellij-java libjetbrains-annotations-java; then
    echo "kotlin: this machine's archives do not give it" >&2
    exit 77 # cannot be had here, which is no fault of what is tested
fi
for package in ./*.deb; do dpkg -x "$package" root; done
cd root/usr/share/java
cp -L kotlin-stdlib.jar kotlin-stdlib-jdk7.jar kotlin-reflect.jar kotlin-script-runtime.jar libtrove-intellij.jar \
    org.jetbrains.annotations-java8.jar org.jetbrains.annotations-common.jar "$target"
cp -L kotlin-compiler.jar "$target/kotlin-compiler.part"
mv "$target/kotlin-compiler.part" "$target/kotlin-compiler.jar"
