# What a resident shell on another host runs before its first request. Any POSIX sh: dash, bash, busybox, mksh.
# Set before: nonce, period (seconds), grace (tenths of a second), cwd, peer (a process without which all is over,
# or nothing), shell (the program that runs scripts).
#
# Requests come on stdin, each in braces, so that a part of one is never run. Its answer is what it prints, then
# a line with the nonce. When stdin ends, everything that was started here ends, and the private directory goes.

LC_ALL=C
export LC_ALL
unset CDPATH
private=/tmp/.sloth-$nonce
main=$$
asked=
# Most shells need them before the number of a group; that of busybox takes them for a number, and says no.
dashes=--
kill -s 0 -- "$main" 2>/dev/null || dashes=
trap '' HUP
trap : INT QUIT PIPE
trap 'heard=1' USR2

# note NAME: make a file. No redirection of ":": where that fails, a shell ends at once.
note() {
    { true >"$private/$1"; } 2>/dev/null
}

# ask NUMBER, kill_command NUMBER, call_off NUMBER, runs NUMBER: the command with this number. ask_all: all of them.
ask() {
    note "$1.k"
    send TERM "$nonce.$1." "$private/$1.p"
    send CONT "$nonce.$1." "$private/$1.p"
}

kill_command() {
    note "$1.k"
    kill_all "$nonce.$1." "$private/$1.p"
}

# call_off NUMBER: true if the command has not begun; then it never will.
call_off() {
    note "$1.k"
    [ ! -e "$private/$1.p" ]
}

runs() {
    has_left "$nonce.$1." "$private/$1.p"
}

ask_all() {
    asked=1
    send TERM "$nonce." "$private"/*.p
    send CONT "$nonce." "$private"/*.p
}

finish() {
    trap '' HUP INT QUIT TERM PIPE
    [ -z "$watch" ] || trap - EXIT
    # From now on the watch only takes over if this shell is killed.
    [ -z "$watch" ] || kill -s ALRM "$watch" 2>/dev/null
    # A script that has not begun sees it, or is seen below.
    [ ! -d "$private" ] || note ending
    if has_left "$nonce." "$private"/*.p || { [ -d "$private" ] && stays "$nonce." "$private"/*.p; }; then
        [ -n "$asked" ] || ask_all
        tenths=0
        while [ "$tenths" -lt "$grace" ] && stays "$nonce." "$private"/*.p; do
            nap
            tenths=$((tenths + 1))
        done
        kill_all "$nonce." "$private"/*.p
    fi
    if [ -d "$private" ]; then
        [ ! -f "$private/temporary" ] || rm -rf -- "$(cat "$private/temporary")"
        rm -rf -- "$private"
    fi
    [ -z "$watch" ] || kill -s TERM "$watch" 2>/dev/null
}

# The watch ends everything if the main shell is killed, if the connection is gone while that one is busy, or if
# nothing has come through it for three periods. A shell that waits for its next line runs no trap, so it is
# another process.
watch() {
    trap - INT QUIT PIPE
    # A shell that cannot fork ends there and then.
    trap give_up EXIT
    silent=0 busy= ending= watch= family=
    trap 'silent=0 busy=' USR1
    trap 'busy=1; kill -s USR2 "$main" 2>/dev/null' USR2
    trap 'ending=1 busy=1 asked=1' ALRM
    trap 'trap - EXIT; kill "$pause" 2>/dev/null; exit 0' TERM
    printf '\n%s ready %s\n' "$nonce" "$told"
    exec </dev/null >/dev/null 2>&1
    while :; do
        sleep "$period" &
        pause=$!
        while kill -0 "$pause" 2>/dev/null; do wait "$pause"; done
        is_alive "$main" || break
        [ -n "$ending" ] || [ -z "$peer" ] || is_alive "$peer" || break
        [ -n "$busy" ] || silent=$((silent + 1))
        [ "$silent" -lt 3 ] || break
    done
    kill_main
    finish
    trap - EXIT
    exit 0
}

beat() {
    kill -s USR1 "$watch" 2>/dev/null || exit 1
}

# begin: wait until the watch has heard it. Of two signals that wait, a shell cannot tell which came first; so the
# end of a request is told only once its begin is known.
begin() {
    heard= turns=0
    kill -s USR2 "$watch" 2>/dev/null || exit 1
    while [ -z "$heard" ]; do
        turns=$((turns + 1))
        [ "$turns" -lt 1000 ] || { [ "$turns" -lt 1100 ] && nap 0.01; } || nap
        [ "$turns" -lt 2000 ] || exit 1
    done
}

# answer NUMBER STATUS
answer() {
    printf '\n%s %s %s\n' "$nonce" "$1" "$2"
    beat
}

# The programs that are there. Without them files are read back to be compared, content comes as octal numbers, and
# the files of a tree come one by one.

programs= checksum=
if command -v sha256sum >/dev/null; then
    checksum='sha256sum --'
elif command -v shasum >/dev/null; then
    checksum='shasum -a 256 --'
elif command -v sha256 >/dev/null; then
    checksum='sha256 -r --'
elif command -v openssl >/dev/null; then
    checksum='openssl dgst -sha256 -r'
fi
[ -z "$checksum" ] || programs=" checksums"
if command -v base64 >/dev/null; then
    decode() { base64 -d; }
    programs="$programs base64"
elif command -v openssl >/dev/null; then
    decode() { openssl base64 -d; }
    programs="$programs base64"
else
    # shellcheck disable=SC2059 # lines of escapes are what comes
    decode() { while read -r line; do printf "$line"; done; }
fi
! command -v tar >/dev/null || programs="$programs tar"

told="$PPID no-directory"
# Another user may not enter the directory of the one who logs in.
if cd -- "${cwd:-.}" 2>/dev/null || { [ -z "$cwd" ] && cd /; }; then
    here=$PWD
    told="$PPID ready$programs"
fi
watch &
watch=$!
trap finish EXIT
