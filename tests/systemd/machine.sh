# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A Debian in namespaces, which systemd can boot: for tests that source this.
#
# The test sets $self, its own path, and $cache, where Debian is kept. Then, in this order: enter,
# fetch_root and mount_root (both for each Debian), boot, inside, poweroff. What is written goes to
# memory below $work and lasts for one run.

skip() {
	echo "skipped: $*"
	exit 0
}

# enter ARGUMENT...: begin anew in a mount namespace, with $work; or be what this run calls again
enter() {
	case ${JGFW_STAGE:-} in
	init)
		become_init
		;;
	mounted) ;;
	*)
		[ "$(id -u)" -eq 0 ] || skip "root is needed"
		grep -qw overlay /proc/filesystems || modprobe -q overlay || skip "no overlay file system"
		grep -qw cgroup2 /proc/filesystems || skip "no cgroup2"
		unshare --mount --pid --net --uts --ipc --cgroup --fork true 2>/dev/null || skip "no namespaces"
		exec unshare --mount --propagation private env JGFW_STAGE=mounted "$self" "$@"
		;;
	esac
	work=$(mktemp -d)
	export work
	passed=0
	failed=0
	boots=0
	outer=
	init=
	trap 'poweroff; umount -R "$work"; rmdir "$work"' EXIT
	trap 'exit 1' HUP INT TERM
	mount -t tmpfs -o mode=755 tmpfs "$work" || exit 1
	mkdir "$work/cgroup"
	mount -t cgroup2 cgroup2 "$work/cgroup" 2>/dev/null || skip "no cgroup2"
}

# fetch_root PACKAGES [COMMAND]: sets root to a Debian with PACKAGES, in which COMMAND has been run;
# made once, complete or not there
fetch_root() {
	root=$cache/$(cksum <<<"$*" | cut -d ' ' -f 1)
	[ -d "$root" ] && return
	command -v debootstrap >/dev/null || skip "no debootstrap (package debootstrap)"
	mkdir -p "$cache" || exit 1
	rm -rf "$root.new"
	echo "fetching Debian 12 to $root"
	{
		debootstrap --variant=minbase --include="$1" bookworm "$root.new" \
			"${DEBIAN_MIRROR:-http://deb.debian.org/debian}" &&
			{ [ $# -eq 1 ] || chroot "$root.new" sh -ec "$2"; }
	} >"$cache/debootstrap.log" 2>&1 </dev/null ||
		skip "debootstrap failed; is there a network? See $cache/debootstrap.log"
	mv "$root.new" "$root"
}

# mount_root NAME: $root at $work/NAME, to be written to; boot takes the one named root
mount_root() {
	mkdir "$work/$1" "$work/$1".{upper,overlay}
	mount -t overlay overlay -o "lowerdir=$root,upperdir=$work/$1.upper,workdir=$work/$1.overlay" \
		"$work/$1" || exit 1
}

# What becomes PID 1: makes of $work/root a machine's root and starts systemd in it.
become_init() {
	set -e
	cd "$work/root"
	hostname gateway
	mount -t proc -o nosuid,nodev,noexec proc proc
	mount --bind proc/sys proc/sys
	mount --bind proc/sys/net proc/sys/net
	mount -o remount,bind,ro proc/sys
	echo 0 >proc/sys/net/ipv4/ip_forward # a new namespace takes over what it finds
	mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
	mount -t cgroup2 cgroup2 sys/fs/cgroup
	mount -t tmpfs -o mode=755 tmpfs dev
	local node
	for node in null zero full random urandom tty; do
		: >dev/$node
		mount --bind /dev/$node dev/$node
	done
	mkdir dev/pts dev/shm
	mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
	ln -s pts/ptmx dev/ptmx
	ln -s /proc/self/fd dev/fd
	mount -t tmpfs -o mode=755 tmpfs run
	mount -t tmpfs -o mode=1777 tmpfs tmp
	mkdir -p .old
	pivot_root . .old
	umount -l /.old
	local no=-sys_module,-sys_time,-sys_boot,-sys_rawio,-syslog,-wake_alarm,-mac_admin
	exec env -i container=jgfw PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		setpriv --bounding-set=$no /lib/systemd/systemd
}

# boot: start it and wait until it has settled; $init is its PID 1 as seen from here
boot() {
	boots=$((boots + 1))
	local group=$work/cgroup/jgfw-$$-$boots i
	mkdir "$group" || exit 1
	(
		echo "$BASHPID" >"$group/cgroup.procs"
		exec unshare --cgroup --pid --net --uts --ipc --mount --propagation private \
			--fork --kill-child env JGFW_STAGE=init "$self"
	) >"$work/console" 2>&1 </dev/null &
	outer=$!
	for ((i = 0; i < 100; i++)); do
		init=$(cat "/proc/$outer/task/$outer/children" 2>/dev/null)
		init=${init%% *}
		[ -n "$init" ] && [ "$(cat "/proc/$init/comm")" = systemd ] &&
			inside test -S /run/systemd/private 2>/dev/null && break
		sleep 0.1
	done
	inside timeout 60 systemctl is-system-running --wait >"$work/state" 2>&1
	if ! grep -qE 'running|degraded' "$work/state"; then
		cat "$work/console" "$work/state"
		echo "FAIL boot $boots"
		exit 1
	fi
}

# inside COMMAND...: run it in the booted machine
inside() {
	nsenter -t "$init" -m -p -n -u -i -C env -i \
		PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin "$@" </dev/null
}

# poweroff: end it, politely at first, and wait until it is gone
poweroff() {
	[ -n "${outer:-}" ] || return
	local i
	[ -z "$init" ] || kill -s RTMIN+4 "$init" 2>/dev/null
	for ((i = 0; i < 200; i++)); do
		kill -0 "$outer" 2>/dev/null || break
		sleep 0.1
	done
	kill -KILL "$outer" 2>/dev/null
	wait "$outer" 2>/dev/null
	outer=
	find "$work/cgroup/jgfw-$$-$boots" -depth -type d -exec rmdir {} \; 2>/dev/null
}

result() { # STATUS NAME
	if [ "$1" -eq 0 ]; then
		passed=$((passed + 1))
		echo "ok   $2"
	else
		failed=$((failed + 1))
		echo "FAIL $2"
		return 1
	fi
}

is() { # WANTED COMMAND...
	local wanted=$1
	shift
	[ "$("$@" 2>/dev/null)" = "$wanted" ]
}
