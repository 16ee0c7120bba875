# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of jgfw(8): commands, options and formats are those that its --help tells.

_jgfw()
{
	# shellcheck disable=SC2034 # split is for _init_completion
	local cur prev words cword split
	_init_completion -s || return

	local commands command help usage line part value wanted before offered=() plain=()
	local -A values
	commands=$("$1" --help 2>/dev/null | sed -n 's/^  \([a-z]\{1,\}\) .*/\1/p')
	for part in "${words[@]:1:cword-1}"; do
		grep -qxFe "$part" <<<"$commands" && command=$part && break
	done
	help=$("$1" ${command:+"$command"} --help 2>/dev/null)
	usage=${help%%$'\n'*}

	# "  -s, --site SITE    text" is read as "-s --site SITE"
	while read -r line; do
		value=${line##* }
		for part in $line; do
			[[ $part == -* ]] && offered+=("$part") && values[$part]=${value##-*}
		done
	done < <(sed -n '/^  -/{s/^  //;s/,//;s/  .*//;p}' <<<"$help")

	# the command and its arguments, without options and their values
	for part in "${words[@]:1:cword-1}"; do
		[[ $part == -* || $before == -* && ${values[$before]} ]] || plain+=("$part")
		before=$part
	done
	[[ $prev == -* ]] && wanted=${values[$prev]}
	if [[ ! $wanted && $cur != -* ]]; then
		case ${#plain[@]} in
		1) [[ $usage =~ ' '\[?(PROFILE|NAME) ]] && wanted=PROFILE ;;
		*) [[ $usage == *ADD-ON* ]] && wanted=ADD-ON ;;
		esac
	fi

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
	PROFILE) mapfile -t offered < <("$1" profiles 2>/dev/null | sed '/^$/Q;s/ .*//') ;;
	ADD-ON) mapfile -t offered < <("$1" profiles 2>/dev/null | sed '0,/^Add-ons,/d;/^$/d;s/ .*//') ;;
	?*) return ;;
	'') [[ $cur == -* || $command ]] || mapfile -t offered <<<"$commands" ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "${offered[*]}" -- "$cur")
} && complete -F _jgfw jgfw
