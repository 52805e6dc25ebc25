#!/usr/bin/env bash
# Finds the espalier binary that belongs to this checkout of the action, or downloads it, and writes its path to the step's
# outputs as `binary`.
#
# It is told what to do by its environment: the inputs binary-path and download-url (ESPALIER_BINARY_PATH, ESPALIER_DOWNLOAD_URL),
# the action's repository (ESPALIER_ACTION_REPOSITORY) and the runner's own variables. To download it needs curl or wget, and
# sha256sum or shasum. No token is read here, so none is sent.
set -euo pipefail

action="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
fresh=""
trap '[ -z "$fresh" ] || rm -f "$fresh"' EXIT

# fail CODE MESSAGE: 2 for a wrong input, 1 for everything else.
fail() {
  printf '::error title=espalier::%s\n' "${2//%/%25}"
  exit "$1"
}

# use PATH: that is the binary.
use() {
  printf 'binary=%s\n' "$1" >>"$GITHUB_OUTPUT"
  exit 0
}

# The binary-path input: whatever is there is used as it is.
use_the_given() {
  local given="${ESPALIER_BINARY_PATH:-}"
  if [ -z "$given" ]; then return; fi
  if [ ! -f "$given" ] || [ ! -x "$given" ]; then
    fail 2 "$(printf 'The input binary-path (%q) is not an executable file. Give the path of an espalier binary, absolute or from the workspace.' "$given")"
  fi
  # Without a slash bash would look the name up on PATH.
  case "$given" in */*) ;; *) given="./$given" ;; esac
  use "$given"
}

# What was built in the action's own checkout, as our own tests and `uses: ./path/to/espalier` do it. A release has none.
use_the_built() {
  local built
  for built in release x86_64-unknown-linux-musl/release aarch64-unknown-linux-musl/release debug; do
    if [ -x "$action/target/$built/espalier" ]; then use "$action/target/$built/espalier"; fi
  done
}

# Sets `version`: the one of the Cargo.toml beside action.yml, so that the binary is that of the action's own ref.
read_version() {
  local line
  version=""
  while IFS= read -r line; do
    if [[ "$line" =~ ^version\ =\ \"([0-9A-Za-z.+-]+)\"$ ]]; then
      version="${BASH_REMATCH[1]}"
      return
    fi
  done <"$action/Cargo.toml"
  fail 1 "$action/Cargo.toml names no version."
}

# Sets `machine`, as Rust calls it, and `arch`, as the tool cache does.
read_platform() {
  local system="${RUNNER_OS:-$(uname -s)}"
  local processor="${RUNNER_ARCH:-$(uname -m)}"
  local advice='Releases are for Linux on X64 and ARM64. Run this job on such a runner, or build espalier for yours and give its path as the input binary-path.'
  if [ "$system" != Linux ]; then fail 1 "There is no espalier for $system. $advice"; fi
  case "$processor" in
    X64 | x86_64 | amd64) machine=x86_64 arch=x64 ;;
    ARM64 | aarch64 | arm64) machine=aarch64 arch=arm64 ;;
    *) fail 1 "There is no espalier for Linux on $processor. $advice" ;;
  esac
}

# Sets `wanted`: the sum that checksums.txt has for the asset of this version.
read_wanted() {
  local sum name
  wanted=""
  while read -r sum name; do
    if [ "$name" = "v$version/$asset" ]; then wanted="$sum"; fi
  done <"$action/checksums.txt"
  if [[ ! "$wanted" =~ ^[0-9a-f]{64}$ ]]; then
    fail 1 "This ref of the action is no release: its checksums.txt has no sum for v$version/$asset. Use a released tag, such as v$version where it exists, or the commit that it names. To use an unreleased ref, build the binary (cargo build --release --locked) and give its path as the input binary-path."
  fi
}

# is_wanted FILE: whether it is, byte for byte, what was released. Sets `sum`.
is_wanted() {
  if command -v sha256sum >/dev/null; then
    sum="$(sha256sum <"$1")"
  elif command -v shasum >/dev/null; then
    sum="$(shasum -a 256 <"$1")"
  else
    fail 1 "Neither sha256sum nor shasum is on PATH, so no download can be checked. Install one, or give the input binary-path."
  fi
  sum="${sum%% *}"
  [ "$sum" = "$wanted" ]
}

# get URL FILE
get() {
  if command -v curl >/dev/null; then
    curl --fail --silent --show-error --location --proto '=http,https' --connect-timeout 15 --max-time 300 --output "$2" "$1"
  elif command -v wget >/dev/null; then
    # Busybox has no other options than these.
    wget -q -T 60 -O "$2" "$1"
  else
    fail 1 "Neither curl nor wget is on PATH, so nothing can be downloaded. Install one, or give the input binary-path."
  fi
}

# download URL FILE: with patience for what passes.
download() {
  local attempt
  for attempt in 1 2 3 4; do
    if get "$1" "$2"; then return; fi
    if [ "$attempt" -lt 4 ]; then sleep $((attempt * 2)); fi
  done
  fail 1 "$1 could not be downloaded in 4 attempts. For a runner without access to it, give a mirror as the input download-url, or a binary as binary-path."
}

# The release's binary, kept in the runner's tool cache. Jobs before this one may write there, so what is found is checked too.
use_the_released() {
  local base cache kept
  read_platform
  read_version
  asset="espalier-$machine-unknown-linux-musl"
  read_wanted
  cache="${RUNNER_TOOL_CACHE:-${RUNNER_TEMP:-${TMPDIR:-/tmp}}}/espalier/$version"
  if ! mkdir -p "$cache/$arch" 2>/dev/null || [ ! -w "$cache/$arch" ]; then
    cache="$(mktemp -d)"
    mkdir "$cache/$arch"
  fi
  kept="$cache/$arch/espalier"
  if [ -f "$cache/$arch.complete" ] && [ -x "$kept" ]; then
    if is_wanted "$kept"; then
      echo "espalier $version for $machine is in the tool cache"
      use "$kept"
    fi
    echo "::warning title=espalier::What the tool cache has as espalier $version is not what was released (its SHA-256 is $sum). It is downloaded again."
  fi
  base="${ESPALIER_DOWNLOAD_URL:-}"
  if [ -z "$base" ]; then
    local repository="${ESPALIER_ACTION_REPOSITORY:-}"
    # The runner's own folder for actions says it too; a checkout in the workspace does not know where it comes from.
    if [ -z "$repository" ] && [[ "$action" =~ /_actions/([^/]+/[^/]+)/ ]]; then repository="${BASH_REMATCH[1]}"; fi
    if [ -z "$repository" ]; then
      fail 1 'No binary was built in this checkout of the action, and it does not say which repository it comes from. Run "cargo build --release --locked" in it, or give the input binary-path or download-url.'
    fi
    # Releases are on github.com, also for workflows on GitHub Enterprise Server.
    base="https://github.com/$repository/releases/download"
  fi
  # Beside its final place, so that it gets there in one move.
  fresh="$(mktemp "$cache/$arch/download.XXXXXX")"
  download "${base%/}/v$version/$asset" "$fresh"
  if ! is_wanted "$fresh"; then
    fail 1 "What ${base%/}/v$version/$asset gave is not what was released: its SHA-256 is $sum, and checksums.txt says $wanted. It was not run."
  fi
  chmod 755 "$fresh"
  mv -f "$fresh" "$kept"
  : >"$cache/$arch.complete"
  echo "espalier $version for $machine was downloaded from $base"
  use "$kept"
}

use_the_given
use_the_built
use_the_released
