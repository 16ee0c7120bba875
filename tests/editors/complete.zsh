# SPDX-License-Identifier: GPL-2.0-or-later
# What zsh offers for each line of input. Only its line editor completes: a shell in a pseudo-terminal
# gets each line and a tab, and tells what is added to the matches.
zmodload zsh/zpty

if [[ -o interactive ]]; then # in that shell
	PROMPT= RPROMPT=
	setopt no_auto_list
	autoload -Uz compinit && compinit -D -u
	compadd() {
		local -a offered
		(( ${@[(I)-[OAD]]} )) || builtin compadd -A offered "$@"
		(( $#offered )) && print -rl -- "+"$^offered
		builtin compadd "$@"
	}
	offer() {
		print
		zle complete
		BUFFER=
		print END
	}
	zle -C complete .complete-word _main_complete
	zle -N offer
	bindkey '^I' offer
	print READY
	return
fi

zpty shell zsh -f -i
zpty -w shell "fpath=($JGFW_FPATH \$fpath); source ${(q)0:A}"
zpty -r shell text '*READY*'
while IFS= read -r line; do
	zpty -n -w shell "$line"$'\t'
	zpty -r shell text '*END*'
	print -r -- "> $line"
	for word in ${(f)${text//$'\r'/}}; do
		[[ $word == +* ]] && print -r -- "${word#+}"
	done
done
zpty -d shell
