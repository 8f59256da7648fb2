"""Every command in every format, on and off a terminal, to the letter. See conftest for how to update."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

import sloth_tui
from tests.cli.conftest import NOW
from tests.cli.support import Result, final_screen, on_terminal, piped

if TYPE_CHECKING:
    from collections.abc import Iterator

GOLDEN = Path(__file__).parent / "golden"
UPDATE = bool(os.environ.get("SLOTH_UPDATE_GOLDEN"))


class Case(NamedTuple):
    words: tuple[str, ...]
    terminal: bool
    typed: str

    @property
    def name(self) -> str:
        """The name of its file: letters, digits, ``. _ -`` and no leading dash, fit for any file system."""
        words = "_".join(self.words) or "nothing"
        typed = f"_answer_{self.typed.strip()!r}" if self.typed else ""
        name = words + typed + ("_tty" if self.terminal else "")
        return re.sub(r"[^\w.-]+", ".", name).strip("-.")


_BOTH = """
state list|state list deploy|state list nothing|state list -a evil
state list -o json|state list -o jsonl|state list -o csv|state list -o keys
state list nothing -o json|state list nothing -o csv
state list -a evil -o json|state list -a evil -o jsonl
state list -a evil -o csv|state list -a evil -o keys
state show deployment:version|state show deploy:limits|state show deployment:notes|state show tls:key
state show deployment:version -o json|state show deploy:limits -o json|state show tls:key -o json
state show deployment:version -o jsonl|state show deploy:limits -o csv
state show deployment:versoin|state show hostile:emoji -a evil
state get deployment:version|state get deploy:limits|state get deploy:live deploy:ratio deploy:count
state get tls:key|state get deployment:version missing other|state get deployment:versoin
state get --raw deployment:version|state get -a evil -- -dash|state get hostile:latin1 -a evil
state set deployment:version v2|state set deployment:version v2 --if-absent
state set deploy:count 43 --type integer --if-value 42|state set deploy:count 43 --if-value 42
state set new x --if-value y|state set deployment:version x --if-revision 1
state set n nan --type float|state set n 1.5 --type integer|state set n {} --type boolean
state set n [1,2 --type table|state set n 1 --type table|state set n null --type json
state set deploy:count 1 --ttl 5m|state set deploy:count 1 --ttl 0|state set deploy:count 1 --ttl soon
state set deploy:count 1 --ttl 5 --keep-ttl|state ttl deploy:count|state ttl missing
state expire deploy:count 1h|state expire missing 5|state persist deploy:count
state increment deploy:count|state increment new 2.5|state increment deployment:version
state delete deployment:version --yes|state delete deployment:version missing --yes
state delete deployment:version missing --yes --ignore-missing|state delete missing
state clear --prefix deploy --yes|state clear --prefix nothing|state clear --yes
state list -a nobody|state get x -a ../etc|state clear -a nobody
state log|state log -o json|state log -o jsonl|state log -o csv|state log -n 1|state log --author nobody
state log --prefix deploy:count -n 2|state log --since 2025-11-24T13:00Z|state log --since foo
state log -a evil
state history deploy:count|state history deploy:count -o json|state history deploy:count -o jsonl -n 1
state history deploy:count -o csv|state history deploy:limits --diff|state history deployment:versoin
state history deploy:count --diff -o json|state history hostile:emoji -a evil
state diff 0 1|state diff 9|state diff 9 11 deploy|state diff 11 0 deploy -o json|state diff 9 11 x
state diff 99
state diff 9 10 -o csv|state diff 10 -o jsonl
state list --at 0|state list deploy: --at 10|state list deploy: --at 2025-11-24T13:00Z -o json
state list deploy: --at 9 -o jsonl|state list --at 99|state list --at 10 -o keys
state show deploy:count --revision 10|state show deploy:count --revision 10 -o json
state show deploy:count --revision 0|state show missing --revision 3
state undo --dry-run|state undo|state undo 1 --dry-run -o jsonl|state undo 1|state undo 1 --force
state undo 77
state rollback deploy:count --to 10 --yes|state rollback --to 99 --yes|state rollback --to 11 --yes
state rollback --to 10 --dry-run|state rollback deploy:count --prefix x --to 1
state watch --since 9 -n 2|state watch --since 9 -n 1 -o jsonl|state watch deployment --since 0 -n 1
state watch --since 99|state wait deploy:count|state wait deploy:count --value 42|state wait missing --absent
state wait missing --timeout 0|state wait deploy:count --value 43 --timeout 0
state wait deploy:count --changed --timeout 0|state wait deploy:count --changed --absent
state compact --older-than 2025-11-24T13:00Z
state copy --to-store files --prefix deploy --to-agent evil|state copy --prefix deploy --to-store files
state copy --prefix deploy: --to-store consul://x/y
state copy --prefix nothing --to-store files --to-agent new
state copy deploy:count deploy:ratio|state move deploy:count deploy:old|state move missing other
state copy --prefix tls --to-store files --to-agent ../x|state copy --prefix tls --to-store files -a nobody
lock list|lock list -o json|lock list -o jsonl|lock list -o csv|lock list -o keys|lock list -a evil
lock list -a evil -o json
lock history deployment|lock history deployment -o json|lock history -n 1 -o csv|lock history none
state search deploy|state search 512Mi -o json|state search clipboard --all-agents|state search nothing
state diff --agent local --agent evil deploy:l|state diff --agent local --agent evil hostile -o csv
lock list --broken|lock list --broken -o json
lock acquire free --holder h --ttl 10|lock acquire deployment --holder ci-42 --ttl 10
lock acquire free --holder h --ttl 0|lock acquire free --holder h --ttl 9999999
lock release deployment --holder ci-42|lock release deployment --holder other|lock release free --holder h
lock break deployment|lock break free
examples|examples -o json|examples -o jsonl|examples -o csv|examples -o keys
examples show conditionals|examples show depoly|run --example depoly|run --example deploy --list
run --keep-going|run deploy.lua --example deploy|examples shwo
"""
"""Tried piped and on a terminal."""
_PIPED_ONLY = """
state delete deployment:version|state delete deployment:version deploy:live
state clear|state clear --prefix deploy|state rollback --to 10|state rollback|state diff
state log --help|state undo --help|state history --help|state diff --help|state rollback --help
state copy --help|state copy a b|state backup --help|state restore --help|state doctor --help
state backup -a nobody|state backup --list|state backup --list -o json|state backup --list -o csv
state restore none.db|state restore|state doctor -a nobody|state backup none/x.db
state move --help|state search --help|lock run --help|lock history --help
lock run x|lock run x true|state search
state watch --help|state wait --help|state compact --help|state log -n x|state list --at 2099-01-01T00:00Z
--help|state --help|lock --help|--version|tui|state|lock|state lst|state get
state list -o yaml|state get x -o json|state list --outptu json|state set a
state list --help|state show --help|state get --help|state set --help|state increment --help
state ttl --help|state expire --help|state persist --help
state delete --help|state clear --help|state stats --help|lock list --help|lock acquire --help
lock release --help|lock break --help|run --help|agents --help|hosts --help|completion --help|tui --help
web --help|examples --help|examples show --help|examples show
lock acquire x|lock acquire x --holder h --ttl abc|completion tcsh|--agent|--bogus
"""


def _cases() -> Iterator[Case]:
    for lines, terminals in ((_BOTH, (False, True)), (_PIPED_ONLY, (False,))):
        for words in lines.strip().replace("\n", "|").split("|"):
            for terminal in terminals:
                yield Case(tuple(words.split()), terminal, "")
    for answer in ("y\n", "n\n", "\n", "yes\n", "\x04"):
        yield Case(("state", "delete", "deployment:version", "deploy:live"), True, answer)
    yield Case(("state", "clear"), True, "y\n")
    yield Case(("state", "clear", "--prefix", "deploy"), True, "n\n")
    yield Case(("state", "rollback", "--to", "10"), True, "y\n")
    yield Case(("state", "rollback", "--to", "10"), True, "n\n")
    yield Case((), False, "")


@pytest.mark.parametrize("case", list(dict.fromkeys(_cases())), ids=lambda case: case.name)
def test_golden(case: Case, stocked: Path) -> None:
    typed = case.typed.encode()
    result = on_terminal(*case.words, typed=typed) if case.terminal else piped(*case.words)
    _compare(case.name, _shown(case, result))


def _shown(case: Case, result: Result) -> str:
    """The whole result as text, in which the program's own terminal codes read ``«1m»``."""
    where = "on a terminal" if case.terminal else "piped"
    streams = []
    for name, data in (("stdout", result.stdout), ("stderr", result.stderr)):
        text = re.sub(r"\x1b\[([0-9;]*m)", r"«\1»", data.decode("utf-8", "backslashreplace"))
        streams.append(f"--- {name}\n{text}")
    typed = f" (answering {case.typed!r})" if case.typed else ""
    command = " ".join(("sloth-runner", *case.words))
    text = f"$ {command}\n{where}{typed}, exit {result.code}\n" + "".join(streams)
    text = text.replace(f"sloth-runner {sloth_tui.__version__}", "sloth-runner VERSION")
    return re.sub(r"/tmp/sloth-\w{8}\b", "/tmp/sloth-00000000", text)


def _compare(name: str, text: str) -> None:
    file = GOLDEN / f"{name}.txt"
    if UPDATE:
        GOLDEN.mkdir(exist_ok=True)
        file.write_bytes(text.encode())
    assert file.exists(), f"no golden file for {name}; see tests/cli/conftest.py"
    assert text == file.read_bytes().decode()


def test_golden_stats(stocked: Path) -> None:
    """Sizes in pages are SQLite's affair and stand as N."""
    for words in (("state", "stats"), ("state", "stats", "-o", "json")):
        for terminal in (False, True):
            case = Case(words, terminal, "")
            result = on_terminal(*words) if terminal else piped(*words)
            sizes = (
                r"((?:file|write-ahead log|pages) +|\"(?:file_size|wal_size|page_count|free_pages)\": )\d.*"
            )
            out = re.sub(sizes.replace(" +", r"[ \t]+"), r"\1N", result.out)
            _compare(case.name, _shown(case, Result(result.code, out.encode(), result.stderr)))


@pytest.mark.parametrize(
    "words", ["agents", "agents -o json", "agents -o jsonl", "agents -o csv", "agents -o keys"]
)
@pytest.mark.parametrize("terminal", [False, True])
def test_golden_agents(words: str, terminal: bool, still: Path) -> None:
    """Looking at agents opens no database, so anything of a fixed size and age will do for one."""
    (still / "state").mkdir()
    for name, size, age in (("local", 8192, 60), ("production", 123456, 86400 * 3), ("-no-agent", 5, 0)):
        path = still / "state" / f"{name}.db"
        path.write_bytes(b"." * size)
        os.utime(path, (NOW - age, NOW - age))
    case = Case(tuple(words.split()), terminal, "")
    _compare(case.name, _shown(case, on_terminal(*case.words) if terminal else piped(*case.words)))


DEPLOY = """
task({name = "build", description = "make it", run = function()
  print("building [bold]\\27[1m")
  state.set("deployment:version", "v2")
  state.set("deploy:limits", {cpu = 4})
  state.delete("deploy:live")
end})
task({name = "test", depends_on = {"build"}, run = function() error("boom") end})
task({name = "ship", depends_on = {"test"}, run = function() end})
"""


@pytest.mark.parametrize(
    "words", ["", "--task build", "--task test -o jsonl", "--list", "--list -o jsonl", "--debug", "--task x"]
)
@pytest.mark.parametrize("terminal", [False, True])
def test_golden_run(words: str, terminal: bool, stocked: Path) -> None:
    """Times and the run's id are what a run is free to choose; they stand as N and ID. Of a terminal only
    what it shows in the end is always the same."""
    file = stocked / "deploy.lua"
    file.write_text(DEPLOY)
    case = Case(("run", str(file), *words.split()), terminal, "")
    result = on_terminal(*case.words) if terminal else piped(*case.words)
    if terminal and not {"--list", "jsonl"} & set(case.words):
        result = result._replace(stdout=final_screen(result.stdout).encode())
    shown = re.sub(r'("(?:at|duration)":)[-+.e\d]+', r"\1N", _shown(case, result))
    shown = re.sub(r'("run":)"[0-9a-f]+"', r'\1"ID"', shown)
    shown = re.sub(r"\b(done|failed) in [.\d]+s", r"\1 in Ns", shown)
    shown = re.sub(r" +[.\d]+s( +\d)", r" Ns\1", shown)
    # Of a Python traceback only its beginning and end are promised.
    shown = re.sub(r"(Traceback .*:\n)(?:  .*\n)+", r"\1", shown)
    _compare(Case(("run", *words.split()), terminal, "").name, shown)


@pytest.mark.skipif(UPDATE, reason="golden files are being written")
def test_there_is_no_golden_file_without_a_case() -> None:
    cases = {case.name for case in _cases()}
    left = {file.stem for file in GOLDEN.iterdir()} - cases
    assert {name for name in left if not name.startswith(("agents", "run", "state_stats"))} == set()
