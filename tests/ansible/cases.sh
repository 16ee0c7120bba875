# shellcheck shell=bash disable=SC2086,SC2016,SC2154 # lists of gateways; programs in quotes; of run: work
# SPDX-License-Identifier: GPL-2.0-or-later
# What the collection promises. Read by run.

ansible-doc -t module jgfw.gateway.ruleset >"$work/out" 2>&1 && says 'corresponding action plugin' &&
	ansible-doc -t role jgfw.gateway.firewall >>"$work/out" 2>&1 && says jgfw_site && ! says WARNING
result $? "the documentation can be read"

# --- fresh, again, drifted

want '' $gateways
play --check
outcomes changed $gateways && ! kernel g1 2>/dev/null && [ ! -e "$work/g1/site.yaml" ]
result $? "check mode on fresh gateways changes nothing"
play
outcomes changed $gateways && mended $gateways && [ "$(stat -c %a "$work/g1/site.yaml")" = 600 ]
result $? "five fresh gateways at once"
remember $gateways
play
outcomes ok $gateways && untouched $gateways
result $? "a second run changes nothing"

in_ns g2 nft flush chain inet jgfw forward
in_ns g3 nft delete table inet jgfw
in_ns g4 nft add rule inet jgfw input tcp dport 23 drop
kernel g2 >"$work/g2/kernel"
play --check --diff
outcomes changed g2 g3 g4 && outcomes ok g1 g5 && untouched g1 g2 g5 && ! kernel g3 2>/dev/null
result $? "check mode predicts what drift comes to"
says 'add rule inet jgfw forward' && says 'delete rule inet jgfw input' && says 'table inet jgfw {'
result $? "--diff shows the kernel's change in nft's words"
play
outcomes changed g2 g3 g4 && outcomes ok g1 g5 && mended g2 g3 g4 && untouched g1 g5
result $? "drift is mended where the file is the same"

# --- changes of the site

remember $gateways
want 's/10.10.5.30/10.10.5.31/' g1 g2
play --check --diff
outcomes changed g1 g2 && outcomes ok g3 g4 g5 && untouched $gateways
result $? "check mode predicts a change of the site"
says 'add element inet jgfw' && says '# site:6: hq' && says '+    guest: [10.10.5.31]'
result $? "--diff shows the elements, their lines, and the file"
play
outcomes changed g1 g2 && outcomes ok g3 g4 g5 && mended g1 g2
result $? "a change of the site"

remember g1
want 's/^# The site/# The same site/; s/10.10.5.30/10.10.5.31/' g1
play -l g1
outcomes changed g1 && kernel g1 | cmp - "$work/g1/kernel" && mended g1
result $? "a comment changes the file and not the kernel"
play -l g1 -e mode=0640
outcomes changed g1 && [ "$(stat -c %a "$work/g1/site.yaml")" = 640 ] && play -l g1 -e mode=0640 && outcomes ok g1
result $? "so do permissions"

want 's/10.10.5.30/10.10.5.32/' g2
play -l g2 -e 'site={{omit}}' -e "src=$work/g2/wanted.yaml"
outcomes changed g2 && mended g2
result $? "a site file on the gateway"
in_ns g2 nft flush chain inet jgfw forward
play -l g2 -e 'site={{omit}}'
outcomes changed g2 && mended g2
result $? "the site file as it is"
play -l g3 -e 'site={{lookup("file",wanted)|from_yaml}}'
outcomes changed g3 && as_said g3 site.yaml && play -l g3 -e 'site={{lookup("file",wanted)|from_yaml}}' && outcomes ok g3
result $? "a site as a mapping"

# --- what is wrong

remember g1 g2
want 's/guest:/gest:/; s/10.10.5.20/10.10.5.256/' g1
play -l g1,g2
outcomes failed g1 && outcomes ok g2 && untouched g1 g2
result $? "a broken site changes nothing, and stops no other gateway"
says 'site:10:12: ' && says ' [bad-address] (and ' &&
	says 'site:11:5: error: unknown key' && says '"    gest: [10.10.5.30]",' && says '"    ^~~~"'
result $? "it fails with lines, columns and carets"
play -l g1 -e state=checked
outcomes failed g1 && says 'site:11:5: error' && play -l g2 -e state=checked && outcomes ok g2
result $? "a site is checked"
want '' g1
play -l g1 -e "binary=$work/nothing"
outcomes failed g1 && says "$work/nothing" && untouched g1
result $? "a program that is not there"
play -l g1 -e 'site={{omit}}' -e "src=$work/nothing"
outcomes failed g1 && says "there is no site file $work/nothing" && untouched g1
result $? "a site file that is not there"
play -l g1 -e "site_path=$work/no/where.yaml"
outcomes failed g1 && says 'cannot write' && untouched g1
result $? "where the file cannot be written, the kernel is not touched"

# --- killed: the module by its child, or at its rename

program kill-before 'kill -9 $PPID'
program kill-behind '"$jgfw" "$@"; [ "$1" != apply ] || kill -9 $PPID'
program kill-confirmed '"$jgfw" "$@"; [ "$1" != confirm ] || kill -9 $PPID'
cat >"$work/python-killed" <<-EOF
	#!/bin/sh
	exec strace -o /dev/null -e inject=rename:signal=KILL /usr/bin/python3 "\$@"
EOF
chmod +x "$work/python-killed"

want 's/10.10.5.30/10.10.5.41/' g1 g2 g3 g4
remember g1 g2 g3
play -l g1 -e "binary=$work/kill-before"
outcomes failed g1 && untouched g1
result $? "killed before the kernel"
play -l g2 -e "binary=$work/kill-behind"
outcomes failed g2 && ! untouched g2 >/dev/null && file g2 | cmp - "$work/g2/file" && as_said g2 "$work/g2/wanted.yaml"
result $? "killed between kernel and file"
play -l g3 -e "ansible_python_interpreter=$work/python-killed"
outcomes failed g3 && file g3 | cmp - "$work/g3/file" && as_said g3 "$work/g3/wanted.yaml" &&
	[ -n "$(ls "$work"/g3/.site.yaml.*.jgfw)" ]
result $? "killed at the rename"
play -l g4 -e "binary=$work/kill-confirmed" -e confirm=60
outcomes failed g4 && as_said g4 "$work/g4/wanted.yaml" && ! file g4 | cmp -s - "$work/g4/wanted.yaml"
result $? "killed behind the confirmation"
play
outcomes changed g1 g2 g3 g4 && outcomes ok g5 && mended $gateways && ! ls "$work"/g3/.site.yaml.* >/dev/null 2>&1
result $? "the next run mends them all"
play
outcomes ok $gateways
result $? "and the one after has nothing to do"

want 's/10.10.5.30/10.10.5.42/' g1
play -l g1 -e "binary=$work/kill-behind" -e confirm=60
in_ns g1 "$JGFW" status -s "$work/g1/wanted.yaml" --state "$work/g1/state" 2>/dev/null | grep -q 'an apply is pending'
result $? "killed while it waits"
play -l g1 -e confirm=60
outcomes changed g1 && mended g1 && ! in_ns g1 "$JGFW" confirm --state "$work/g1/state" >/dev/null
result $? "the next run confirms it"

# --- confirmed on a new connection, or taken back

want 's/10.10.5.30/10.10.5.50/' $gateways
play -e confirm=20
outcomes changed $gateways && mended $gateways && ! in_ns g5 "$JGFW" confirm --state "$work/g5/state" >/dev/null
result $? "five changes confirmed"
play -e confirm=20
outcomes ok $gateways
result $? "nothing to confirm"
play -l g1 -e state=confirmed
outcomes ok g1
result $? "nothing waits"

# Each in its own way out of reach: g3 by another's table, until that is taken away by hand; g4's own
# address is a public one of the deployment; g5's administrator has no row any more.
remember $gateways
program cut-off '"$jgfw" "$@" || exit
[ "$1" != apply ] || nft "add table inet cut; add chain inet cut input { type filter hook input priority 0; }
	add rule inet cut input ct state new tcp dport 22 drop"'
sed -i "/^g3 /s|$| binary=$work/cut-off|" "$work/inventory"
want 's/10.10.5.30/10.10.5.60/' g1 g2 g3
want 's/203.0.113.10/198.51.100.14/' g4
want '/id: admin/d; /rows:/d' g5
begun=$SECONDS
play -e confirm=8
[ $((SECONDS - begun)) -ge 8 ] && outcomes failed g3 g4 g5 && taken_back g3 g4 g5
result $? "three gateways take back what cut them off"
outcomes changed g1 g2 && mended g1 g2
result $? "the others keep theirs"
[ "$(grep -c 'nobody confirmed the change in time: the gateway has taken it back' "$work/out")" -eq 2 ] &&
	says 'the gateway is not reached on a new connection' && says 'the gateway takes the change back by itself'
result $? "the failures say so"
in_ns g3 nft delete table inet cut
sed -i 's| binary=[^ ]*/cut-off||' "$work/inventory"
want 's/10.10.5.30/10.10.5.60/' $gateways
play -e confirm=20
outcomes changed g3 g4 g5 && outcomes ok g1 g2 && mended $gateways
result $? "the next run reaches and changes them"

# --- proof before anything is sent

remember g1
want "s/10.10.5.30/10.10.5.70/; \$a\\    assert:\\n      - deny lan > e1.inward" g1
play -l g1 -e verify=true
outcomes failed g1 && untouched g1
result $? "a false assertion, or a program that cannot prove it: nothing is sent"
if "$JGFW" apply --help | grep -q -- --verify; then
	want 's/10.10.5.30/10.10.5.70/; $a\    assert:\n      - deny wan > lan:10.10.5.30' g1
	play -l g1 -e verify=true
	outcomes changed g1 && mended g1
	result $? "what holds is sent"
fi

# --- no ruleset

remember $gateways
play -e state=absent --check --diff
outcomes changed $gateways && untouched $gateways && says 'delete table inet jgfw'
result $? "check mode predicts absence"
play -e state=absent
outcomes changed $gateways && ! kernel g1 2>/dev/null && ! kernel g5 2>/dev/null && file g1 | cmp - "$work/g1/file"
result $? "absent"
play -e state=absent
outcomes ok $gateways
result $? "absent already"
