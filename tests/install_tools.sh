#!/bin/sh
# What some tests need beyond Python: a browser (tests/browser) and an office suite (tests/workbook).
# Installs them from Debian's packages where it has the rights; else says which tests will be skipped. Never fails:
# with CI=true the tests themselves fail where a tool is missing.
missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v soffice >/dev/null 2>&1 || missing="$missing libreoffice-calc-nogui"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing$missing"
    log=$(mktemp)
    export DEBIAN_FRONTEND=noninteractive
    {
        apt-get update -qq &&
            apt-get install -y -qq --no-install-recommends $missing fonts-dejavu-core
    } >"$log" 2>&1 && exit 0
    tail -3 "$log"
fi
echo "not found:$missing; tests that need them are skipped (Debian: apt-get install$missing)"
