#!/usr/bin/env bash
# publish.sh FOLDER: releases the binaries in it as the version of Cargo.toml, from the commit that is checked out.
#
# A draft with the binaries → a commit with their sums in checksums.txt → the tag on that commit → publish → the major tag moves. The
# commit is on no branch: only the tags lead to it. It can be run again after it broke off; what is published is never touched.
#
# Needs git with a remote `origin` that it may push tags to, and gh with GH_TOKEN and GITHUB_REPOSITORY.
set -euo pipefail
assets="$(realpath "$1")"
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

version="$(sed -nE 's/^version = "([0-9A-Za-z.+-]+)"$/\1/p' Cargo.toml | head -n 1)"
tag="v$version"
major="${tag%%.*}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

fail() {
  printf '::error::%s\n' "$1"
  exit 1
}

for target in x86_64-unknown-linux-musl aarch64-unknown-linux-musl; do
  [ -f "$assets/espalier-$target" ] || fail "$assets has no espalier-$target."
done
# `true` for a draft, `false` for what is published, nothing where there is none.
draft="$(gh release view "$tag" --json isDraft --jq .isDraft 2>/dev/null || true)"
if [ "$draft" != true ] && { [ "$draft" = false ] || git ls-remote --exit-code origin "refs/tags/$tag" >/dev/null; }; then
  fail "$tag is there already. A version is released once: raise the one in Cargo.toml."
fi
# What stands in the changelog below this version's heading.
awk -v heading="## $version" 'index($0, "## ") == 1 { on = index($0, heading) == 1; next } on' CHANGELOG.md >"$work/notes.md"
[ -s "$work/notes.md" ] || fail "CHANGELOG.md says nothing about $version."

(cd "$assets" && sha256sum espalier-* >"$work/SHA256SUMS")
mv "$work/SHA256SUMS" "$assets/SHA256SUMS"

# A run that broke off before; nobody could use what it left.
if [ "$draft" = true ]; then
  gh release delete "$tag" --yes
  git push --quiet origin ":refs/tags/$tag" 2>/dev/null || true
fi
kind=(--latest)
if [[ "$version" == *-* ]]; then kind=(--prerelease); fi
gh release create "$tag" --draft --title "espalier $version" --notes-file "$work/notes.md" "$assets"/*

grep '^#' checksums.txt >"$work/checksums.txt"
while read -r sum name; do
  printf '%s  %s/%s\n' "$sum" "$tag" "$name" >>"$work/checksums.txt"
done <"$assets/SHA256SUMS"
cp "$work/checksums.txt" checksums.txt
author=(-c user.name='github-actions[bot]' -c user.email='41898282+github-actions[bot]@users.noreply.github.com')
git "${author[@]}" commit --quiet --message "Release $version" -- checksums.txt
git tag "$tag"
git push --quiet origin "refs/tags/$tag"

gh release edit "$tag" --draft=false --verify-tag "${kind[@]}"
if [ "$(gh api "repos/$GITHUB_REPOSITORY/releases/tags/$tag" --jq .immutable)" != true ]; then
  fail "$tag is published and can still be changed: switch immutable releases on in the repository's settings. $major was not moved."
fi

if [[ "$version" != *-* ]]; then
  git tag --force "$major" >/dev/null
  git push --quiet --force origin "refs/tags/$major"
fi
echo "$tag is released"
