#!/bin/sh
# Builds and installs the test, runs every flavour in processes of its own, and fetches the result file.
set -eu
serial=${1:?"usage: run.sh SERIAL [RESULT]; adb devices lists serials"}
result=${2:-@RESULT@}
case $result in /*) ;; *) result=$PWD/$result ;; esac
cd "$(dirname "$0")"
package=@PACKAGE@.test
failed=0

gradle :bench:assembleDebugAndroidTest
adb -s "$serial" install -r -t bench/build/outputs/apk/androidTest/debug/bench-debug-androidTest.apk
adb -s "$serial" shell run-as "$package" rm -f "files/@RESULT@"
for flavour in @FLAVOURS@; do
    round=1
    while [ "$round" -le @ROUNDS@ ]; do
        told=$(adb -s "$serial" shell am instrument -w -e flavour "$flavour" -e round "$round" \
            "$package/@RUNNER@" < /dev/null)
        case $told in
        *"OK (1 test)"*) echo "$flavour, round $round: OK" ;;
        *) echo "$flavour, round $round: $told" >&2; failed=1 ;;
        esac
        round=$((round + 1))
    done
done
adb -s "$serial" exec-out run-as "$package" cat "files/@RESULT@" > "$result"
echo "result: $result"
exit "$failed"
