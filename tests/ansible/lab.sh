# shellcheck shell=bash disable=SC2154 # of run: work, top
# SPDX-License-Identifier: GPL-2.0-or-later
# A controller and five gateways, each a network namespace with an sshd of its own.
#
#                   198.51.100.0/24
#   controller .1 ----+---- .11 g1, .12 g2, .13 g3, .14 g4
#                     +---- .15 g5 10.10.5.1 ---- 10.10.5.2 host
#
# g5 is reached through host: from the controller to host, through g5's forward chain, and back to g5.
# All of it ends with the script: it runs in namespaces of its own.

gateways="g1 g2 g3 g4 g5"
PORT=22

in_ns() { # NAME COMMAND...
	ip netns exec "$@"
}

add_ns() { # NAME ADDRESS: one on the controller's network
	ip netns add "$1"
	in_ns "$1" ip link set lo up
	[ -n "${2:-}" ] || return 0
	in_ns controller ip link add "$1" type veth peer name wan netns "$1"
	in_ns controller ip link set "$1" master net up
	in_ns "$1" ip addr add "$2/24" dev wan
	in_ns "$1" ip link set wan up
}

add_interfaces() { # NAME INTERFACE...
	local name=$1 interface
	shift
	for interface; do
		in_ns "$name" ip link add "$interface" type bridge
		in_ns "$name" ip link set "$interface" up
	done
}

start_sshd() { # NAME
	mkdir -p "$work/$1"
	in_ns "$1" /usr/sbin/sshd -f "$work/sshd_config" -E "$work/$1/sshd.log"
}

make_network() {
	ip netns add controller
	in_ns controller ip link set lo up
	in_ns controller ip link add net type bridge
	in_ns controller ip addr add 198.51.100.1/24 dev net
	in_ns controller ip link set net up
	local i
	for i in 1 2 3 4 5; do
		add_ns g$i 198.51.100.1$i
		add_interfaces g$i outward inward
	done
	for i in 1 2 3 4; do add_interfaces g$i lan; done
	add_ns host
	in_ns g5 ip link add lan type veth peer name lan netns host
	in_ns g5 ip addr add 10.10.5.1/24 dev lan
	in_ns g5 ip link set lan up
	in_ns g5 sysctl -qw net.ipv4.ip_forward=1
	in_ns host ip addr add 10.10.5.2/24 dev lan
	in_ns host ip link set lan up
	in_ns host ip route add default via 10.10.5.1
	in_ns controller ip route add 10.10.5.0/24 via 198.51.100.15
}

make_ssh() {
	ssh-keygen -q -t ed25519 -N '' -f "$work/key"
	ssh-keygen -q -t ed25519 -N '' -f "$work/host_key"
	cp "$work/key.pub" "$work/authorized_keys"
	cat >"$work/sshd_config" <<-EOF
		Port $PORT
		HostKey $work/host_key
		AuthorizedKeysFile $work/authorized_keys
		StrictModes no
		PidFile none
		UsePAM no
		PermitRootLogin prohibit-password
		Subsystem sftp internal-sftp
		SetEnv HOME=$work
	EOF
	local ns
	for ns in $gateways host; do start_sshd "$ns"; done
}

make_inventory() {
	local ssh="-F none -i $work/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR" i
	# A flow through g5 that is older than its first ruleset is known again by a packet of its opener.
	ssh+=" -o ServerAliveInterval=2 -o ServerAliveCountMax=10"
	{
		echo "[gateways]"
		for i in 1 2 3 4; do echo "g$i ansible_host=198.51.100.1$i"; done
		echo "g5 ansible_host=10.10.5.1 through='-o ProxyCommand=\"ssh $ssh -W %h:%p root@10.10.5.2\"'"
		echo "[gateways:vars]"
		echo "ansible_user=root"
		echo "ansible_python_interpreter=/usr/bin/python3"
		echo "ansible_ssh_common_args=$ssh {{ through | default(\"\") }}"
		echo "state_dir=$work/{{ inventory_hostname }}/state"
		echo "wanted=$work/{{ inventory_hostname }}/wanted.yaml"
		echo "site={{ lookup(\"file\", wanted, rstrip=False) }}"
		echo "site_path=$work/{{ inventory_hostname }}/site.yaml"
		echo "binary=$JGFW"
	} >"$work/inventory"
	cat >"$work/ansible.cfg" <<-EOF
		[defaults]
		inventory = $work/inventory
		collections_path = $work/collections
		home = $work/ansible
		local_tmp = $work/ansible/tmp
		remote_tmp = $work/ansible/remote
		forks = 5
		timeout = 3
		nocows = true
		retry_files_enabled = false
		localhost_warning = false
		[ssh_connection]
		control_path_dir = $work/cp
	EOF
	export ANSIBLE_CONFIG=$work/ansible.cfg
}

# The collection as its users get it: built, then installed from the archive.
install_collection() {
	ansible-galaxy collection build --output-path "$work" "$top/ansible" &&
		ansible-galaxy collection install --offline -p "$work/collections" "$work"/jgfw-gateway-*.tar.gz
} >"$work/out" 2>&1
