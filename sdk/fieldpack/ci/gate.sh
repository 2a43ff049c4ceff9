#!/usr/bin/env bash
# Benches a bundle on the targets that are named, holds it against a budget, and says so to the build machine.
# The same script for every system; the variables are those of the template that calls it.
#
#   FIELDPACK_BUNDLE      bundle folder or .fieldpack file
#   FIELDPACK_BUDGET      budget file; empty: the bundle's own
#   FIELDPACK_BASELINE    file of fieldpack gate --write-baseline; empty: none
#   FIELDPACK_TARGETS     targets to bench first, separated by spaces; empty: none
#   FIELDPACK_RECORDS     folder of the records
#   FIELDPACK_OUT         folder for junit.xml, gate.sarif and summary.md
#   FIELDPACK_INCONCLUSIVE  allow or refuse: what an inconclusive verdict does to the job
set -euo pipefail

case "${FIELDPACK_INCONCLUSIVE:-refuse}" in
    allow | refuse) ;;
    *)
        echo "fieldpack: inconclusive is '$FIELDPACK_INCONCLUSIVE'; allowed: allow, refuse" >&2
        exit 2
        ;;
esac
out=${FIELDPACK_OUT:-fieldpack-gate}
records=${FIELDPACK_RECORDS:-.fieldpack/bench}
mkdir -p "$out"

read -r -a targets <<< "${FIELDPACK_TARGETS:-}"
for target in "${targets[@]}"; do
    # A target that fails leaves a record that says so; the gate decides what that means.
    fieldpack bench run "$FIELDPACK_BUNDLE" --on "$target" --records "$records" || echo "fieldpack: $target ended with $?"
done

options=(--junit "$out/junit.xml" --sarif "$out/gate.sarif" --summary "$out/summary.md")
if [ -n "${FIELDPACK_BUDGET:-}" ]; then options+=(--budget "$FIELDPACK_BUDGET"); fi
if [ -n "${FIELDPACK_BASELINE:-}" ]; then options+=(--baseline "$FIELDPACK_BASELINE"); fi
if [ -e "$records" ]; then options+=(--records "$records"); fi

code=0
fieldpack gate "$FIELDPACK_BUNDLE" "${options[@]}" || code=$?
if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -f "$out/summary.md" ]; then cat "$out/summary.md" >> "$GITHUB_STEP_SUMMARY"; fi
case $code in
    0) outcome=pass ;;
    1) outcome=fail ;;
    3) outcome=inconclusive ;;
    4) outcome=not_run ;;
    *) outcome=error ;;
esac
if [ -n "${GITHUB_OUTPUT:-}" ]; then echo "outcome=$outcome" >> "$GITHUB_OUTPUT"; fi
if [ "$code" = 3 ] && [ "${FIELDPACK_INCONCLUSIVE:-refuse}" = allow ]; then
    echo "fieldpack: inconclusive, which this job allows"
    exit 0
fi
exit "$code"
