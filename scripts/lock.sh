#!/usr/bin/env bash
# Writes requirements/GROUP.txt for every group, from pyproject.toml.
#
# One resolution over all groups comes first, so that a package two groups share has one version; each group is then
# cut out of it with the hashes of every published file. The locks are universal (any platform, Python 3.11 and later)
# and hold no address: `--no-config` and the emptied environment keep a machine's own settings out of them.
#
# usage: scripts/lock.sh UV
set -euo pipefail
cd "$(dirname "$0")/.."

uv_program=${1:?usage: scripts/lock.sh UV}
everything=$(mktemp)
trap 'rm -f "$everything"' EXIT

compile() {
    env -u PIP_FIND_LINKS -u PIP_INDEX_URL -u PIP_EXTRA_INDEX_URL -u UV_FIND_LINKS \
        "$uv_program" --no-config pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
        --no-annotate --no-header --no-emit-index-url --no-emit-find-links "$@"
}

groups=(build test lint docs oracle)
compile pyproject.toml --all-extras "${groups[@]/#/--group=}" --output-file "$everything" "${UPGRADE:---no-upgrade}" \
    >/dev/null

compile pyproject.toml --constraints "$everything" --generate-hashes --output-file requirements/core.txt >/dev/null
for group in "${groups[@]}"; do
    compile --group "pyproject.toml:$group" --constraints "$everything" --generate-hashes \
        --output-file "requirements/$group.txt" >/dev/null
done

if grep -nE '://|--find-links|--index|(^|[ =])(/|\./|file:)' requirements/*.txt; then
    echo "a lock names an address or a path: see the lines above" >&2
    exit 1
fi
wc -l requirements/*.txt
