# Functions of the resident shell that look at files and change them; remote_shell.sh comes after it.
#
# Paths begin with / or ./ and every function comes back to $here.

fail() {
    printf '%s\n' "$1"
    return 1
}

# fail_to_write FILE WORDS: tell whether the disk is full, else WORDS.
fail_to_write() {
    free=$(df -P -- "${1%/*}/." 2>/dev/null | while read -r _ _ _ free _; do printf ' %s' "$free"; done)
    [ "${free##* }" != 0 ] || fail 'no space is left on the disk' || return
    [ -z "$2" ] || fail "$2"
    return 1
}

# require_file PATH: refuse what is there and no file.
require_file() {
    [ ! -d "$1" ] || fail "'$1' is a directory" || return
    [ ! -e "$1" ] || [ -f "$1" ] || fail "'$1' is not a regular file"
}

# own_path PATH: set $own to it, with all links followed but the last name.
own_path() {
    name=/${1##*/} directory=${1%/*}/.
    case $name in / | /. | /..) name= directory=$1 ;; esac
    look_at "$directory" >/dev/null || return
    [ "$kind" != loop ] || fail "'$1': Too many levels of symbolic links" || return
    own=${path%/}$name
    own=${own:-/}
}

make_private() {
    [ -d "$private" ] || mkdir -m 700 "$private"
}

# enter DIRECTORY: go there, and set $where to its path with all links followed. Through a link to the root, bash says
# that it is in //.
enter() {
    cd -P -- "$1" 2>/dev/null || return
    where=$PWD
    case $where in //*) where=/${where#//} ;; esac
}

# look_at PATH: print kind, whether the parent exists, whether it is a link, the link's text and the path with
# all links followed, each ended by NUL. No process unless it is a link.
look_at() {
    path=$1 kind= parent=1 is_link= link= hops=0
    while :; do
        case $path in /*) ;; *) path=${here%/}/$path ;; esac
        while case $path in ?*/) : ;; *) false ;; esac; do path=${path%/}; done
        base=${path##*/} directory=${path%/*}
        case $base in
        '' | . | ..)
            if enter "$path"; then
                path=$where
                break
            fi
            ;;
        esac
        # Of a path that is not there, the part that is there has its links followed.
        rest=$base
        until enter "${directory:-/}"; do
            rest=${directory##*/}/$rest directory=${directory%/*}
        done
        path=${where%/}/${rest%%/*}
        # Behind what is not there, nothing is a link, and ".." takes a name away.
        if [ ! -L "$path" ]; then
            path=${where%/}/$rest/
            case $path in
            */../*)
                base=${path%%/../*}
                path=${base%/*}/${path#*/../}
                continue
                ;;
            */./*)
                path=${path%%/./*}/${path#*/./}
                continue
                ;;
            esac
            path=${where%/}/${rest%%/*}
        fi
        case $rest in */*) rest=/${rest#*/} ;; *) rest= ;; esac
        if [ ! -L "$path" ]; then
            [ -z "$rest" ] || parent= kind=absent path=$path$rest
            break
        fi
        hops=$((hops + 1))
        if [ "$hops" -gt 40 ]; then
            kind=loop
            break
        fi
        text=$(readlink -- "$path" && echo .) || return
        text=${text%??}
        [ -n "$is_link$rest" ] || is_link=1 link=$text
        case $text in /*) path=$text$rest ;; *) path=${where%/}/$text$rest ;; esac
    done
    cd -- "$here" || return
    if [ -n "$kind" ]; then :
    elif [ -f "$path" ]; then kind=file
    elif [ -d "$path" ]; then kind=directory
    elif [ -e "$path" ]; then kind=other
    else kind=absent
    fi
    printf '%s\0' "$kind" "$parent" "$is_link" "$link" "$path"
}

# Names that ls and the checksum program print as they are.
is_plain() {
    case $1 in *[!\ -~]* | *\\*) return 1 ;; esac
}

# look SUMS PATH...: for each the fields of look_at, and two more, which are empty for plain names: the line of ls
# and the checksum. Then the lines of ls for all plain names, NUL, and their checksums. SUMS: empty for none.
look() {
    summed=$1
    shift
    for path do
        shift
        look_at "$path" || return
        status= sum=
        case $kind in
        absent | loop) ;;
        *)
            if is_plain "$path"; then
                set -- "$@" "$path"
            else
                status=$(ls -ldn -- "$path") || status=
                [ "$kind" != file ] || [ -z "$summed" ] || sum=$(digest "$path")
            fi
            ;;
        esac
        printf '%s\0' "$status" "$sum"
    done
    [ "$#" -eq 0 ] || ls -ldn -- "$@"
    printf '\0'
    [ -n "$summed" ] || return 0
    for path do
        shift
        [ ! -f "$path" ] || set -- "$@" "$path"
    done
    [ "$#" -eq 0 ] || $checksum "$@"
}

# look_into LIMIT PATH...: as look, with the first bytes of regular files instead of the checksums.
look_into() {
    limit=$1
    shift
    for path do
        shift
        look_at "$path" || return
        status=
        case $kind in
        absent | loop) ;;
        *) status=$(ls -ldn -- "$path") || status= ;;
        esac
        printf '%s\0' "$status" ''
        [ "$kind" != file ] || set -- "$@" "$path"
    done
    printf '\0'
    for path do
        head -c "$limit" -- "$path" || return
        printf '\n%s content\n' "$nonce"
    done
}

digest() {
    sum=$(${checksum% --} <"$1") || return
    printf '%s' "${sum%% *}"
}

# set_symbolic TEXT: set $mode to what the permissions of ls say, for chmod.
set_symbolic() {
    mode= rest=${1#?}
    for who in u g o; do
        bits= three=${rest%"${rest#???}"}
        rest=${rest#???}
        case $three in r*) bits=r ;; esac
        case $three in ?w*) bits=${bits}w ;; esac
        case $three in ??[xst]*) bits=${bits}x ;; esac
        case $three in ??[sS]*) bits=${bits}s ;; esac
        mode=$mode,$who=$bits
    done
    case $three in ??[tT]*) mode=$mode,+t ;; esac
    mode=${mode#,}
}

# dress FILE MODE OWNER GROUP LIKE: set these attributes; of those that are empty the ones of LIKE, if it exists,
# else those of a new file.
dress() {
    dressed=$1 mode=$2 owner=$3 group=$4
    set -f
    if [ -n "$5" ] && [ -e "$5" ]; then
        set -- $(ls -ldn -- "$5")
        [ -n "$mode" ] || set_symbolic "$1"
        owner=${owner:-$3} group=${group:-$4}
    fi
    [ -z "$owner$group" ] || set -- $(ls -ldn -- "$dressed")
    set +f
    if [ -n "$owner$group" ] && [ "${owner:-$3}:${group:-$4}" != "$3:$4" ]; then
        chown "${owner:-$3}:${group:-$4}" "$dressed" || return
    fi
    chmod "${mode:-=rw}" "$dressed"
}

# begin_temporary FILE: create it, for this user alone, and remember to remove it.
begin_temporary() {
    directory=${1%/*}
    [ -d "${directory:-/}" ] || fail "directory '$directory' does not exist" || return
    make_private && printf '%s' "$1" >"$private/temporary" && (
        umask 077
        set -C
        : >"$1"
    )
}

# receive FILE: create it with what comes on stdin, encoded.
receive() {
    begin_temporary "$1" || return
    decode >"$1" && return
    fail_to_write "$1" ''
    rm -f -- "$1"
    return 1
}

# replace FILE TEMPORARY SHA256 EXPECTED MODE OWNER GROUP BACKUP VALIDATE: put TEMPORARY in the place of FILE.
# SHA256: nothing if it has been compared already. EXPECTED: any, absent, or the checksum that FILE must have. VALIDATE: a command, or nothing. BACKUP: the beginning
# of the name under which FILE is kept, or nothing; the name is printed. Status 91: FILE is another one. 92:
# VALIDATE failed; what it says, NUL, "exit" and its exit code are what is printed.
replace() {
    target=$1 temporary=$2
    replace_verified "$@"
    outcome=$?
    [ "$outcome" -eq 0 ] || rm -f -- "$temporary"
    rm -f -- "$private/temporary"
    return "$outcome"
}

# discard TEMPORARY
discard() {
    rm -f -- "$1" "$private/temporary"
}

replace_verified() {
    [ -z "$3" ] || [ "$(digest "$2")" = "$3" ] || fail_to_write "$2" 'what arrived is not what was sent' || return
    require_file "$1" || return
    case $4 in
    any) ;;
    absent) [ ! -e "$1" ] || return 91 ;;
    *) [ -f "$1" ] && [ "$(digest "$1")" = "$4" ] || return 91 ;;
    esac
    dress "$2" "$5" "$6" "$7" "$1" || return
    if [ -n "$9" ]; then
        SLOTH_RUNNER_SHELL=$nonce.validate. $shell -c "$9" </dev/null >/dev/null || {
            printf '\0exit %s' "$?"
            return 92
        }
    fi
    if [ -n "$8" ] && [ -e "$1" ]; then
        number=0 kept=$8~
        while [ -e "$kept" ]; do
            number=$((number + 1))
            kept=$8-$number~
        done
        ln -- "$1" "$kept" 2>/dev/null || cp -p -- "$1" "$kept" || return
        printf '\0kept %s' "$kept"
    fi
    mv -f -- "$2" "$1"
}

# begin_unpacked DIRECTORY, unpack DIRECTORY, end_unpacked DIRECTORY STATUS: a private directory for an archive,
# which comes on stdin, encoded.
begin_unpacked() {
    directory=${1%/*}
    [ -d "${directory:-/}" ] || fail "directory '$directory' does not exist" || return
    make_private && printf '%s' "$1" >"$private/temporary" && mkdir -m 700 -- "$1"
}

unpack() {
    cd -- "$1" || return
    decode | tar -xof -  # they get the owner that any new file gets
    outcome=$?
    cd -- "$here" || return
    [ "$outcome" -eq 0 ] || fail_to_write "$1/" ''
}

end_unpacked() {
    rm -rf -- "$1"
    rm -f -- "$private/temporary"
    return "$2"
}

# verify DIRECTORY SUMS FILE...: compare the checksums of files in a directory.
verify() {
    cd -- "$1" || return
    directory=$1 wanted=$2
    shift 2
    sums=$($checksum "$@" | while read -r sum _; do printf '%s\n' "$sum"; done)
    cd -- "$here" || return
    [ "$sums" = "$wanted" ] || fail_to_write "$directory/" 'what arrived is not what was sent'
}

# place FILE TARGET MODE OWNER GROUP: put a verified file in the place of another one.
place() {
    target=$2
    [ ! -L "$2" ] || { look_at "$2" >/dev/null && target=$path; } || return
    require_file "$2" || return
    dress "$1" "$3" "$4" "$5" "$target" && mv -f -- "$1" "$target"
}

# make_directory DIRECTORY MODE OWNER GROUP PARENTS
make_directory() {
    directory=${1%/*}
    if [ ! -d "${directory:-/}" ]; then
        [ -n "$5" ] || fail "directory '$directory' does not exist" || return
        mkdir -p -- "$directory" 2>/dev/null || {
            [ ! -e "$directory" ] || fail "'$1': File exists" || return
            mkdir -p -- "$directory" || return
        }
    fi
    if [ -n "$2$3$4" ]; then
        mkdir -m 700 -- "$1" || return
        [ -n "$2" ] && dress "$1" "$2" "$3" "$4" '' || dress "$1" =rwx "$3" "$4" ''
    else
        mkdir -- "$1"
    fi
}

# make_link PATH TEXT NAME: make a symbolic link, at first under this name beside it.
make_link() {
    if [ -d "$1" ] && [ ! -L "$1" ]; then
        fail "'$1': Is a directory"
        return
    fi
    own_path "$1" || return
    temporary=${own%/*}/$3
    ln -s -- "$2" "$temporary" || return
    mv -fT -- "$temporary" "$own" 2>/dev/null && return
    [ ! -d "$own" ] || rm -f -- "$own"
    mv -f -- "$temporary" "$own" 2>/dev/null && return
    # mv does not replace a file by a link that leads to it.
    rm -f -- "$own" && mv -f -- "$temporary" "$own" || {
        rm -f -- "$temporary"
        return 1
    }
}

# check_removable PATH: refuse what only a slip of the pen removes.
check_removable() {
    own_path "$1" || return
    [ "$own" != / ] || fail "'$1' is the root directory, which is not removed" || return
    check_kept "$1" "$here" 'the working directory' && check_kept "$1" "$HOME" 'the home directory' || return
    # HOME may be set to another directory than the one that the system has for the user.
    user=$(id -un 2>/dev/null) || user=
    case $user in
    '' | *[!A-Za-z0-9_.-]*) ;;
    *) eval "user_home=~$user" && check_kept "$1" "$user_home" 'the home directory' || return ;;
    esac
    [ -r /proc/self/mountinfo ] || return 0
    while read -r _ _ _ _ mounted _; do
        case $mounted in *\\*) mounted=$(printf '%b' "$mounted") ;; esac
        [ "$mounted" != "$own" ] || fail "'$1' is a mount point, which is not removed" || return
        case $mounted in "$own"/*) fail "'$1' contains the mount point '$mounted', which is not removed" || return ;; esac
    done </proc/self/mountinfo
}

# check_kept PATH DIRECTORY WORDS: refuse the path, which own_path has resolved, if it is the directory or contains it.
check_kept() {
    enter "$2" || return 0
    cd -- "$here" || return
    [ "$where" != "$own" ] || fail "'$1' is $3, which is not removed" || return
    case $where in "$own"/*) fail "'$1' contains $3, which is not removed" ;; esac
}

# remove PATH RECURSE
remove() {
    own_path "$1" || return
    [ -e "$own" ] || [ -L "$own" ] || return 0
    check_removable "$1" || return
    if [ ! -d "$own" ] || [ -L "$own" ]; then
        rm -f -- "$own"
    elif [ -n "$2" ]; then
        rm -rf -- "$own"
    else
        for entry in "$own"/* "$own"/.[!.]* "$own"/..?*; do
            [ ! -e "$entry" ] && [ ! -L "$entry" ] || fail "'$1' is not empty" || return
        done
        rmdir -- "$own"
    fi
}

# list_tree DIRECTORY: names, each ended by NUL, an empty one, lines of ls, NUL, checksums, NUL, the names of links
# that have nothing but letters and the like, blanks between them, NUL, and what look tells of these links.
list_tree() {
    cd -- "$1" 2>/dev/null || {
        ls -- "$1/." >/dev/null  # says why
        return 1
    }
    links=
    find . ! -name . -print0 && printf '\0' && find . ! -name . -exec ls -ldn {} + && printf '\0' &&
        { [ -z "$checksum" ] || find . -type f -exec $checksum {} +; } && printf '\0' &&
        { [ -z "$checksum" ] || links=$(find . -type l -exec sh -c "$harmless" sh {} +); }
    outcome=$?
    cd -- "$here" || return
    [ "$outcome" -eq 0 ] || return "$outcome"
    printf '%s\0' "$links"
    tree=$1
    set --
    for name in $links; do set -- "$@" "$tree/$name"; done
    look 1 "$@"
}
# shellcheck disable=SC2016 # it is expanded there
harmless='for name do case $name in *[!A-Za-z0-9._/+,@%=:~-]*) ;; *) printf " %s" "$name" ;; esac; done'

# look_at_tree PATH: what look tells of it, and if it is a directory, what list_tree does.
look_at_tree() {
    look '' "$1" || return
    [ "$kind" != directory ] || list_tree "$path"
}

# find_group NAME: print its number.
find_group() {
    if command -v getent >/dev/null; then
        getent group -- "$1"
    else
        cat /etc/group
    fi | while IFS=: read -r name _ number _; do
        [ "$name" != "$1" ] || printf '%s\n' "$number"
    done
}
