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
    set -l wanted
    for line in $help
        set -l part (string match -r '^  ((?:-.)?)(?:, )?(--[a-z-]+) ?([A-Z]*)  +(.*)$' -- $line)
        or continue
        set -l names (string match -v '' -- $part[2..3])
        set -a options $names\t$part[5]
        contains -- $words[-1] $names
        and set wanted $part[4]
    end
    if string match -q -- '-*' (commandline -ct)
        printf '%s\n' $options
        return
    end
    if not set -q wanted[1]; and string match -qr ' \[?(PROFILE|NAME)' -- $help[1]
        set wanted PROFILE
    end

    switch "$wanted"
        case SITE FILE
            __fish_complete_path (commandline -ct)
        case DIR
            __fish_complete_directories (commandline -ct)
        case F
            string split '|' (string replace -rf '.*-f ([a-z|]+).*' '$1' -- $help[1])
        case PROFILE
            $program profiles 2>/dev/null | string replace -r ' +' '\t'
        case ''
            set -q command[1]
            or set options $commands
            printf '%s\n' $options
    end
end

complete -c jgfw -f -a '(__jgfw_complete)'
