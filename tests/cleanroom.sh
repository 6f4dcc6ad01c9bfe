#!/bin/bash
#
# cleanroom: proves that a fresh Debian 12 needs nothing but make and git.
#
# Makes one with debootstrap, clones what is committed here into it, and there does what the README
# tells a newcomer: `make run` until the first call is shown, then Ctrl-C; then `make test`.  Needs
# root.  How this machine reaches package archives (apt sources, npm settings, certificate
# authorities) is taken along; nothing else is.  MIRROR is the archive debootstrap asks, RUN_PORT the
# port to use, if the usual ones will not do.  Removes all it made.

set -euo pipefail

cd "$(dirname "$0")/.."

[ "$(id -u)" -eq 0 ] || { echo "cleanroom needs root, for debootstrap and chroot." >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "Please run:  apt-get install debootstrap" >&2; exit 1; }

# --- inside ---

# Runs in the chroot, in process and mount namespaces of its own.
inside() {
	set -euo pipefail
	export HOME=/root DEBIAN_FRONTEND=noninteractive
	cd /root

	echo "== apt-get install make git"
	{ apt-get update && apt-get install -y --no-install-recommends make git; } >/root/apt.log 2>&1 ||
		{ tail -n 20 /root/apt.log; exit 1; }
	git clone -q /source.git mcp-fpm
	cd mcp-fpm

	echo "== make run"
	set -m		# so that it is a process group, and Ctrl-C reaches all of it
	env --default-signal=INT make run >/root/run.log 2>&1 &	# whoever started us may ignore it
	local run=$!
	until grep -q 'Running until Ctrl-C' /root/run.log; do
		kill -0 $run 2>/dev/null || { cat /root/run.log; echo "make run ended by itself"; exit 1; }
		sleep 1
	done
	kill -INT -- -$run
	wait $run || true
	set +m
	sed '/^Claude Code/,$d' /root/run.log
	grep -q '^< HTTP/2 200' /root/run.log || { echo "make run showed no answered call"; exit 1; }
	nothing_left

	echo "== make test"
	make test
	nothing_left
}

nothing_left() {
	! ps -eo pid=,comm= | grep -E ' (postgres|redis|nginx|mcp)' || { echo "these were left running"; exit 1; }
	! compgen -G '/tmp/mcp.*' || { echo "these folders were left"; exit 1; }
}

# --- outside ---

room=$(mktemp -d /tmp/cleanroom.XXXXXX)
chmod 755 "$room"	# it becomes the root folder of other users, too
trap leave EXIT
trap 'exit 1' INT TERM

# The first process of the namespace takes all others along, and its end unmounts everything.
leave() {
	trap '' INT TERM
	[ -z "${namespace-}" ] || { pkill -KILL -P "$namespace"; wait "$namespace"; } || true
	rm -rf --one-file-system "$room"
}

echo "== debootstrap"
debootstrap --variant=minbase bookworm "$room" ${MIRROR-} >"$room/said" 2>&1 ||
	{ tail -n 20 "$room/said"; exit 1; }

# The way to the archives.
cp /etc/resolv.conf /etc/hosts "$room/etc/"
rm -rf "$room/etc/apt"
cp -r /etc/apt "$room/etc/"
[ ! -e ~/.npmrc ] || cp ~/.npmrc "$room/root/"
way=()
for proxy in http_proxy https_proxy no_proxy; do
	[ -z "${!proxy-}" ] || way+=("$proxy=${!proxy}")
done
authorities=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}
if [ -e "$authorities" ]; then
	cp "$authorities" "$room/etc/authorities.pem"
	way+=(NODE_EXTRA_CA_CERTS=/etc/authorities.pem npm_config_cafile=/etc/authorities.pem)
fi

git clone -q --bare . "$room/source.git"
{ declare -f inside nothing_left; echo inside; } >"$room/inside"
echo "mount -t proc proc '$room/proc' && mount --rbind /dev '$room/dev' && exec chroot '$room' bash /inside" >"$room/enter"

status=0
unshare --mount --pid --fork --kill-child env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb "${way[@]}" \
	${RUN_PORT:+RUN_PORT="$RUN_PORT"} ${PRIVATE_PORT:+PRIVATE_PORT="$PRIVATE_PORT"} \
	bash "$room/enter" &
namespace=$!	# waited for like this, because a trap waits for what runs in the foreground
wait $namespace || status=$?
[ $status -eq 0 ] && echo "== clean" || echo "== not clean"
exit $status
