"""The stand-ins: ``program.py DIRECTORY TOOL ARGUMENT...``. DIRECTORY is that of a tests.tools.Machine."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_, ROOT, TOOL, *ARGUMENTS = sys.argv


def file(*names: str) -> str:
    return os.path.join(ROOT, *names)


def read(*names: str) -> str:
    with open(file(*names)) as source:
        return source.read()


def write(text: str, *names: str) -> None:
    with open(file(*names), "w") as target:
        target.write(text)


def fail(message: str, code: int) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(code)


def split(*with_value: str) -> tuple[dict[str, str], list[str]]:
    """Options with their values, and the other words."""
    options, words, rest = {}, [], list(ARGUMENTS)
    while rest:
        word = rest.pop(0)
        if word.startswith("-"):
            options[word] = rest.pop(0) if word in with_value else ""
        else:
            words.append(word)
    return options, words


def note(*words: str) -> None:
    with open(file("calls"), "a") as log:
        log.write(" ".join([TOOL, *words]) + "\n")


def state_of(name: str) -> str | None:
    try:
        return read("packages", name)
    except FileNotFoundError:
        return None


def install(names: list[str], told: str) -> None:
    for name in names:
        if name.startswith("no-"):
            fail(told.format(name), 100)
    for name in names:
        if name.endswith("-virtual"):
            write("installed", "packages", name.removesuffix("-virtual"))
            continue
        write("installed", "packages", name)
        if not os.path.exists(file("services", name)):
            write("loaded\ninactive\ndisabled", "services", name)


def remove(names: list[str], left: str | None) -> None:
    for name in names:
        if left:
            write(left, "packages", name)
        else:
            os.unlink(file("packages", name))


def apt_get() -> None:
    options, (action, *names) = split("-o")
    note(action, *(each for each in options if each == "-y"), *names)
    write(os.environ.get("DEBIAN_FRONTEND", ""), "frontend")
    if action == "install":
        install(names, "E: Unable to locate package {}")
    else:
        remove(names, "config-files")


def dpkg_query() -> None:
    options, names = split("-f")
    missing = [name for name in names if state_of(name) is None]
    for name in names:
        if name not in missing:
            fields = {
                "${Package}": name,
                "${Architecture}": "amd64",
                "${db:Status-Status}": state_of(name) or "",
                "\\n": "\n",
            }
            line = options["-f"]
            for field, value in fields.items():
                line = line.replace(field, value)
            print(line, end="")
    if missing:
        fail(f"dpkg-query: no packages found matching {missing[0]}", 1)


def dnf() -> None:
    options, (action, *names) = split()
    note(action, *options, *names)
    if action == "install":
        install(names, "Error: Unable to find a match: {}")
    else:
        remove(names, None)


def rpm() -> None:
    _, names = split("--qf")
    missing = 0
    for name in names:
        if state_of(name) is None:
            print(f"package {name} is not installed")
            missing += 1
        else:
            print(f"{name} x86_64 installed")
    sys.exit(missing)


def apk() -> None:
    _, (action, *names) = split()
    if action == "info":
        found = [name for name in names if state_of(name) is not None]
        print("\n".join(found))
        sys.exit(len(found) < len(names))
    note(action, *names)
    if action == "add":
        install(names, "ERROR: unable to select packages: {} (no such package)")
    else:
        remove(names, None)


def systemctl() -> None:
    _, (action, *names) = split()
    if action == "show":
        name = names[-1]
        try:
            values = read("services", name).split("\n")
        except FileNotFoundError:
            values = ["not-found", "inactive", ""]
        for field, value in zip(("LoadState", "ActiveState", "UnitFileState"), values, strict=True):
            print(f"{field}={value}")
        return
    (name,) = names
    note(action, name)
    load, active, unit_file = read("services", name).split("\n")
    if action == "start" and name == "broken":
        return  # it starts, and ends at once
    if action == "reload" and active != "active":
        fail(f"{name}.service is not active, cannot reload.", 1)
    active = {"start": "active", "stop": "inactive", "reload-or-restart": "active"}.get(action, active)
    unit_file = {"enable": "enabled", "disable": "disabled"}.get(action, unit_file)
    write("\n".join((load, active, unit_file)), "services", name)


def lines(database: str) -> list[list[str]]:
    return [line.split(":") for line in read(database).splitlines()]


def save(database: str, rows: list[list[str]]) -> None:
    write("".join(":".join(row) + "\n" for row in rows), database)


def getent() -> None:
    database, name = ARGUMENTS
    number = 2
    for row in lines(database):
        if name in (row[0], row[number]):
            print(":".join(row))
            return
    sys.exit(2)


def join(name: str, groups: list[str], rows: list[list[str]]) -> None:
    for row in rows:
        if row[0] in groups and name not in row[3].split(","):
            row[3] = ",".join(filter(None, (row[3], name)))


def useradd() -> None:
    note(*ARGUMENTS)
    options, (name,) = split("-u", "-g", "-G", "-d", "-s", "-c")
    users, groups = lines("passwd"), lines("group")
    if any(row[0] == name for row in users):
        fail(f"useradd: user '{name}' already exists", 9)
    uid = options.get("-u") or str(max(int(row[2]) for row in users) + 500)
    if "-g" in options:
        (gid,) = (row[2] for row in groups if row[0] == options["-g"])
    else:
        gid = uid
        groups.append([name, "x", gid, ""])
    join(name, options.get("-G", "").split(","), groups)
    home, shell = options.get("-d", f"/home/{name}"), options.get("-s", "/bin/sh")
    save("passwd", [*users, [name, "x", uid, gid, options.get("-c", ""), home, shell]])
    save("group", groups)


def usermod() -> None:
    note(*ARGUMENTS)
    options, (name,) = split("-u", "-g", "-G", "-d", "-s", "-c")
    users, groups = lines("passwd"), lines("group")
    (user,) = (row for row in users if row[0] == name)
    for option, index in (("-u", 2), ("-c", 4), ("-d", 5), ("-s", 6)):
        user[index] = options.get(option, user[index])
    if "-g" in options:
        (user[3],) = (row[2] for row in groups if row[0] == options["-g"])
    if "-G" in options:
        assert "-a" in options, "the other groups would be left"
        join(name, options["-G"].split(","), groups)
    save("passwd", users)
    save("group", groups)


def userdel() -> None:
    note(*ARGUMENTS)
    _, (name,) = split()
    users = lines("passwd")
    if not any(row[0] == name for row in users):
        fail(f"userdel: user '{name}' does not exist", 6)
    save("passwd", [row for row in users if row[0] != name])
    save("group", [row for row in lines("group") if row[0] != name])


globals()[TOOL.replace("-", "_")]()
