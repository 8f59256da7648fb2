# Functions of the resident shell that find processes and end them; remote_shell.sh comes after it.
#
# Processes of a command are those in its group, and on Linux those with its mark in their environment.

# find_marked MARK: set $found to the processes with the mark.
find_marked() {
    found=
    for entry in $(grep -lsF -e "SLOTH_RUNNER_SHELL=$1" /proc/[0-9]*/environ 2>/dev/null); do
        entry=${entry#/proc/}
        found="$found ${entry%/environ}"
    done
}

# read_group FILE: set $group to the process group that a command has written down.
read_group() {
    group=
    # Twice: in busybox a signal, such as that of a child that has ended, makes a read fail.
    { read -r group <"$1" || read -r group <"$1"; } 2>/dev/null
    [ -n "$group" ]
}

# read_status PID: set $status to the state of a process, its parent, and its group; on Linux.
read_status() {
    status=
    { read -r status <"/proc/$1/stat" || read -r status <"/proc/$1/stat"; } 2>/dev/null
    status=${status##*) }
    [ -n "$status" ]
}

# find_group_of PID: set $its_group; on Linux. Empty for a process that waits to be reaped.
find_group_of() {
    its_group=
    read_status "$1" || return 0
    case $status in [ZX]*) return 0 ;; esac
    its_group=${status#? }
    its_group=${its_group#* }
    its_group=${its_group%% *}
}

# is_alive PID: those that wait to be reaped answer signals, too, and those of another user do not.
is_alive() {
    kill -0 "$1" 2>/dev/null || [ -d "/proc/$1" ] || ps -p "$1" >/dev/null 2>&1 || return
    read_status "$1"
    case $status in [ZX]*) return 1 ;; esac
}

# lives: true if the group has a process. Those that wait to be reaped answer signals, too, in a container without
# an init for ever; that there is nothing else is believed only where they are seen.
lives() {
    kill -0 $dashes "-$group" 2>/dev/null || return
    waits=
    for entry in /proc/[0-9]*; do
        read_status "${entry#/proc/}" || continue
        its_group=${status#? * }
        [ "${its_group%% *}" = "$group" ] || continue
        case $status in [ZX]*) waits=1 ;; *) return 0 ;; esac
    done
    [ -z "$waits" ]
}

# send SIGNAL MARK FILE...: signal each process once.
send() {
    number=$1 mark=$2 groups=' '
    shift 2
    for file do
        read_group "$file" || continue
        kill -s "$number" $dashes "-$group" 2>/dev/null && groups="$groups$group "
    done
    find_marked "$mark"
    for pid in $found; do
        find_group_of "$pid"
        # Of a process that is not known, it is not known whether it has been asked.
        [ -n "$its_group" ] || [ "$number" != TERM ] || continue
        case $groups in *" $its_group "*) ;; *) kill -s "$number" "$pid" 2>/dev/null ;; esac
    done
    return 0
}

# has_left MARK FILE...
has_left() {
    mark=$1
    shift
    for file do
        read_group "$file" && lives && return 0
    done
    find_marked "$mark"
    [ -n "$found" ]
}

# nap [SECONDS]: a tenth of a second, unless told otherwise; a whole one where sleep knows no fractions.
nap() {
    sleep "${1:-0.1}" 2>/dev/null || sleep 1
}

# stays MARK FILE...: as has_left, but false only if a second look, later, finds nothing either. A process has no
# environment while it starts a program, and one that was forked meanwhile is in no list.
stays() {
    has_left "$@" && return
    nap
    has_left "$@"
}

# kill_all MARK FILE...: kill until nothing is left.
kill_all() {
    tries=0
    send KILL "$@"
    while stays "$@" && [ "$tries" -lt 50 ]; do
        send KILL "$@"
        tries=$((tries + 1))
        [ "$tries" -eq 1 ] || nap
    done
}

# give_up: kill the main shell and the groups of all commands, without another process.
give_up() {
    for pid in "$main" $family; do kill -s KILL "$pid" 2>/dev/null; done
    for file in "$private"/*.p; do
        read_group "$file" && kill -s KILL $dashes "-$group" 2>/dev/null
    done
}

# kill_main: kill the main shell, and what it has started for a request; on Linux. What it has forked just now has
# neither the mark nor, yet, a program of its own.
kill_main() {
    itself=
    { read -r itself _ </proc/self/stat || read -r itself _ </proc/self/stat; } 2>/dev/null
    kill -s STOP "$main" 2>/dev/null
    family=" $main " grows=${itself:+1}
    while [ -n "$grows" ]; do
        grows=
        for entry in /proc/[0-9]*; do
            pid=${entry#/proc/}
            case "$family$itself " in *" $pid "*) continue ;; esac
            read_status "$pid" || continue
            case $status in [ZX]*) continue ;; esac
            status=${status#? }
            case $family in *" ${status%% *} "*) ;; *) continue ;; esac
            kill -s STOP "$pid" 2>/dev/null && family="$family$pid " grows=1
        done
    done
    kill -s KILL "$main" 2>/dev/null
    find_marked "$nonce."
    for pid in $family; do
        # What has the mark is asked first, as everything else that has it.
        case "$found " in *" $pid "*) kill -s CONT "$pid" 2>/dev/null ;; *) kill -s KILL "$pid" 2>/dev/null ;; esac
    done
    family=
}
