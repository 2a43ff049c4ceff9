#!/bin/sh
# Builds the test for an iPhone, runs every flavour in processes of its own, and fetches the result file.
set -eu
udid=${1:?"usage: run.sh UDID TEAM [RESULT]; xcrun devicectl list devices lists them"}
team=${2:?"the second word is the development team that signs"}
result=${3:-@RESULT@}
case $result in /*) ;; *) result=$PWD/$result ;; esac
cd "$(dirname "$0")"
failed=0
fresh=1

xcodegen generate
set -- -project FieldpackBench.xcodeproj -scheme FieldpackBench -destination "id=$udid" -derivedDataPath build
xcodebuild build-for-testing "$@" -allowProvisioningUpdates "DEVELOPMENT_TEAM=$team"
for flavour in @FLAVOURS@; do
    round=1
    while [ "$round" -le @ROUNDS@ ]; do
        if TEST_RUNNER_FIELDPACK_FLAVOUR=$flavour TEST_RUNNER_FIELDPACK_ROUND=$round \
            TEST_RUNNER_FIELDPACK_FRESH=$fresh xcodebuild test-without-building "$@" < /dev/null; then
            echo "$flavour, round $round: OK"
        else
            echo "$flavour, round $round: failed" >&2
            failed=1
        fi
        fresh=0
        round=$((round + 1))
    done
done
xcrun devicectl device copy from --device "$udid" --domain-type appDataContainer \
    --domain-identifier @PACKAGE@ --source "Documents/@RESULT@" --destination "$result"
echo "result: $result"
exit "$failed"
