#!/bin/sh
# nginx-1.26.sh DIR: unpacks Debian 13's nginx 1.26 with its njs module into DIR, beside the system's nginx; start it as DIR/nginx.
# Nothing is installed: packages are fetched with a package list of their own, and their libraries are used by this nginx alone.
set -eu
[ $# -eq 1 ] || { echo "usage: nginx-1.26.sh DIR" >&2; exit 2; }
mkdir -p "$1"
dir=$(cd "$1" && pwd)
[ -x "$dir/nginx" ] && { echo "$dir/nginx is there already"; exit 0; }
apt=$dir/apt
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/debs" "$dir/root"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
cat > "$apt/sources.list" <<SOURCES
deb [signed-by=$keyring] http://deb.debian.org/debian trixie main
deb [signed-by=$keyring] http://deb.debian.org/debian-security trixie-security main
SOURCES
: > "$apt/status"
options="-o Dir::Etc::SourceList=$apt/sources.list -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists=$apt/lists
  -o Dir::State::Status=$apt/status -o Dir::Cache=$apt/cache -o APT::Sandbox::User=root -o Debug::NoLocking=1"
# shellcheck disable=SC2086 # a list of options
apt-get $options -q update
cd "$apt/debs"
# shellcheck disable=SC2086
apt-get $options -q download nginx libnginx-mod-http-js libc6 libssl3t64 libpcre2-8-0 zlib1g libcrypt1 libxml2 liblzma5
for deb in *.deb; do dpkg-deb -x "$deb" "$dir/root"; done
machine=$(uname -m)
case $machine in
  x86_64) loader=ld-linux-x86-64.so.2 ;;
  aarch64) loader=ld-linux-aarch64.so.1 ;;
  *) echo "nginx-1.26.sh: no loader known for $machine" >&2; exit 1 ;;
esac
libraries=$dir/root/usr/lib/$machine-linux-gnu:$dir/root/lib/$machine-linux-gnu
cat > "$dir/nginx" <<START
#!/bin/sh
exec "$dir/root/usr/lib/$machine-linux-gnu/$loader" --library-path "$libraries" "$dir/root/usr/sbin/nginx" "\$@"
START
chmod +x "$dir/nginx"
cd "$dir"
rm -rf "$apt"
"$dir/nginx" -v
echo "modules: $dir/root/usr/lib/nginx/modules"
