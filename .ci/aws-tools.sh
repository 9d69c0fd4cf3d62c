#!/usr/bin/env bash
# aws-tools.sh DIR: installs the pinned checkers and emulators that the AWS tests use into DIR, once.
#
# LocalStack's newest releases need Python 3.13 and its dependencies drift, so all of its pins stand in one command.
set -euo pipefail

dir=${1:?usage: aws-tools.sh DIR}
python=${PYTHON:-python3.11}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

# tool NAME PACKAGES...: a virtual environment of its own, complete when its stamp says the same pins.
tool() {
  local name=$1 stamp="$dir/$1/.pins"
  shift
  if [ "$(cat "$stamp" 2>/dev/null)" = "$*" ]; then return; fi
  rm -rf "${dir:?}/$name"
  "$python" -m venv "$dir/$name"
  "$dir/$name/bin/pip" install --quiet --disable-pip-version-check "$@"
  printf '%s' "$*" >"$stamp"
}

tool cfn-lint cfn-lint==1.58.0
tool cloudformation-validate cloudformation-validate==1.14.0
tool ministack ministack==1.5.33 cryptography
tool localstack 'localstack-core[runtime]==4.11.0' 'cbor2<6' 'pyopenssl<26' localstack-twisted==25.5.0

cdk=aws-cdk@2.1148.1
if [ "$(cat "$dir/cdk/.pins" 2>/dev/null)" != "$cdk" ]; then
  rm -rf "$dir/cdk"
  mkdir -p "$dir/cdk"
  (cd "$dir/cdk" && npm install --silent --no-audit --no-fund --prefix . "$cdk")
  printf '%s' "$cdk" >"$dir/cdk/.pins"
fi
echo "$dir"
