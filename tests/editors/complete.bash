# SPDX-License-Identifier: GPL-2.0-or-later
# What bash offers for each line of input.
# shellcheck disable=SC1091
source /usr/share/bash-completion/bash_completion
_completion_loader jgfw
[[ $(complete -p jgfw) =~ '-F '([^ ]*) ]] && function=${BASH_REMATCH[1]}

while IFS= read -r COMP_LINE; do
	COMP_POINT=${#COMP_LINE}
	read -ra COMP_WORDS <<<"${COMP_LINE//=/ = }" # it breaks words, see COMP_WORDBREAKS
	[[ $COMP_LINE == *[\ =] ]] && COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=()
	"$function" jgfw "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
	printf '%s\n' "> $COMP_LINE" "${COMPREPLY[@]}"
done
