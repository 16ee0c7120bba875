# SPDX-License-Identifier: GPL-2.0-or-later
# What fish offers for each line of input.
while read -l line
    echo "> $line"
    complete -C $line | string replace -r '\t.*' ''
end
