#!/usr/bin/env bash
# Writes requirements/GROUP.txt for every group, from pyproject.toml.
#
# One resolution over all groups comes first, so that a package two groups share has one version; each group is then
# cut out of it with the hashes of every published file. What is in `apart` (groups, and the extra `venues`) is installed
# in environments of its own and resolved by itself. Versions stay as they are unless --upgrade is given. The locks are universal (any
# platform, Python 3.11 and later) and hold no address: `--no-config` and the emptied environment keep a machine's own
# settings out of them.
#
# usage: scripts/lock.sh UV [--upgrade]
set -euo pipefail
cd "$(dirname "$0")/.."

uv_program=${1:?usage: scripts/lock.sh UV [--upgrade]}
groups=(build test lint docs oracle)
apart=(oracle-sdk venues)
everything=$(mktemp)
trap 'rm -f "$everything"' EXIT

compile() {
    env -u UV_FIND_LINKS "$uv_program" --no-config pip compile --quiet --universal --python-version 3.11 \
        --fork-strategy fewest --no-annotate --no-header --no-emit-index-url --no-emit-find-links "$@" >/dev/null
}

if [[ ${2:-} != --upgrade ]]; then
    # What is pinned today is preferred: uv keeps the versions it finds in the output file.
    grep -h '==' $(printf 'requirements/%s.txt ' core live research "${groups[@]}") | sed 's/ \\$//' | sort -u >"$everything"
fi
compile pyproject.toml --extra live --extra research "${groups[@]/#/--group=}" --output-file "$everything"

compile pyproject.toml --constraints "$everything" --generate-hashes --output-file requirements/core.txt
compile pyproject.toml --extra live --constraints "$everything" --generate-hashes --output-file requirements/live.txt
compile pyproject.toml --extra research --constraints "$everything" --generate-hashes \
    --output-file requirements/research.txt
for group in "${groups[@]}"; do
    compile --group "pyproject.toml:$group" --constraints "$everything" --generate-hashes \
        --output-file "requirements/$group.txt"
done
for name in "${apart[@]}"; do
    [[ ${2:-} != --upgrade ]] || rm -f "requirements/$name.txt"
    if [[ $name == venues ]]; then what=(pyproject.toml --extra venues); else what=(--group "pyproject.toml:$name"); fi
    compile "${what[@]}" --generate-hashes --output-file "requirements/$name.txt"
done

if grep -nE '://|--find-links|--index|file:' requirements/*.txt; then
    echo "a lock names an address or a path: see the lines above" >&2
    exit 1
fi
