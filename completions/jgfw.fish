# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion of jgfw(8): commands, options and formats are those that its --help tells.

function __jgfw_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -l commands ($program --help 2>/dev/null | string replace -rf '^  ([a-z]+) +' '$1\t')
    set -l command
    for word in $words[2..]
        if string match -q -- $word\t'*' $commands
            set command $word
            break
        end
    end
    set -l help ($program $command --help 2>/dev/null)

    # "  -s, --site SITE    text": groups that are empty, since those that do not match are not given
    set -l options
    set -l with_value
    set -l wanted
    for line in $help
        set -l part (string match -r '^  ((?:-.)?)(?:, )?(--[a-z-]+) ?([A-Z]*)  +(.*)$' -- $line)
        or continue
        set -l names (string match -v '' -- $part[2..3])
        set -a options $names\t$part[5]
        test -n "$part[4]"
        and set -a with_value $names
        contains -- $words[-1] $names
        and set wanted $part[4]
    end
    if string match -q -- '-*' (commandline -ct)
        printf '%s\n' $options
        return
    end

    # the command and its arguments, without options and their values
    set -l plain
    set -l before
    for word in $words[2..]
        string match -q -- '-*' $word
        or contains -- "$before" $with_value
        or set -a plain $word
        set before $word
    end
    if test -z "$wanted"
        if test (count $plain) -eq 1
            string match -qr ' \[?(PROFILE|NAME)' -- $help[1]
            and set wanted PROFILE
        else
            string match -q '*ADD-ON*' -- $help[1]
            and set wanted ADD-ON
        end
    end

    switch "$wanted"
        case SITE FILE
            __fish_complete_path (commandline -ct)
        case DIR
            __fish_complete_directories (commandline -ct)
        case F
            string split '|' (string replace -rf '.*-f ([a-z|]+).*' '$1' -- $help[1])
        case PROFILE
            $program profiles 2>/dev/null | sed '/^$/Q;s/  */\t/'
        case ADD-ON
            $program profiles 2>/dev/null | sed '0,/^Add-ons,/d;/^$/d;s/  */\t/'
        case ''
            set -q command[1]
            or set options $commands
            printf '%s\n' $options
    end
end

complete -c jgfw -f -a '(__jgfw_complete)'
