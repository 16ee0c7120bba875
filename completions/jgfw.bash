# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of jgfw(8): commands, options and formats are those that its --help tells.

_jgfw()
{
	# shellcheck disable=SC2034 # split is for _init_completion
	local cur prev words cword split
	_init_completion -s || return

	local commands command help line part value wanted offered=()
	commands=$("$1" --help 2>/dev/null | sed -n 's/^  \([a-z]\{1,\}\) .*/\1/p')
	for part in "${words[@]:1:cword-1}"; do
		grep -qxFe "$part" <<<"$commands" && command=$part && break
	done
	help=$("$1" ${command:+"$command"} --help 2>/dev/null)

	# "  -s, --site SITE    text" is read as "-s --site SITE"
	while read -r line; do
		value=
		for part in $line; do
			[[ $part == -* ]] && offered+=("$part") || value=$part
		done
		[[ $prev == -* && " $line " == *" $prev "* ]] && wanted=$value
	done < <(sed -n '/^  -/{s/^  //;s/,//;s/  .*//;p}' <<<"$help")
	[[ ! $wanted && $cur != -* && $help =~ ^usage:[^$'\n']*' '\[?(PROFILE|NAME) ]] && wanted=PROFILE

	case $wanted in
	SITE | FILE)
		_filedir
		return
		;;
	DIR)
		_filedir -d
		return
		;;
	F) mapfile -t offered < <(sed -n '1s/.*-f \([a-z|]*\).*/\1/p' <<<"$help" | tr '|' '\n') ;;
	PROFILE) mapfile -t offered < <("$1" profiles 2>/dev/null | cut -d ' ' -f 1) ;;
	?*) return ;;
	'') [[ $cur == -* || $command ]] || mapfile -t offered <<<"$commands" ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "${offered[*]}" -- "$cur")
} && complete -F _jgfw jgfw
