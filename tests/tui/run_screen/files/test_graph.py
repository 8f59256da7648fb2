"""Dependencies of tasks as a tree of text."""

from __future__ import annotations

from sloth_tui.runner.plan import Task, make_plan
from sloth_tui.tui.run_screen.files.graph import draw, implied


def _tasks(**after: str) -> list[Task]:
    return make_plan(
        [Task(name, None, tuple(needs.split()), None, None, 0, "x.lua", 1) for name, needs in after.items()]
    )


def _drawn(tasks: list[Task]) -> list[str]:
    return [
        line.branches + line.task.name + (f" after {', '.join(line.also)}" if line.also else "")
        for line in draw(tasks)
    ]


def test_each_task_is_below_the_last_one_that_it_waits_for() -> None:
    tasks = _tasks(
        prepare="", build="prepare", test="build", assets="prepare", ship="test assets prepare", last=""
    )
    assert _drawn(tasks) == [
        "prepare",
        "├ build",
        "│ └ test",
        "└ assets",
        "  └ ship after test",
        "last",
    ]


def test_what_the_tree_says_already_is_not_said_again() -> None:
    assert _drawn(_tasks(a="", b="a", c="a b", d="a b c")) == ["a", "└ b", "  └ c", "    └ d"]


def test_a_chain_of_thousands_stays_narrow() -> None:
    lines = draw(_tasks(t0="", **{f"t{number}": f"t{number - 1}" for number in range(1, 3000)}))
    assert [line.task.name for line in lines] == [f"t{number}" for number in range(3000)]
    assert max(len(line.branches) for line in lines) <= 16
    assert lines[-1].branches.startswith("…")


def test_a_choice_brings_along_what_it_depends_on() -> None:
    tasks = _tasks(a="", b="a", c="b", d="")
    assert implied(tasks, ["c"]) == {"a", "b"}
    assert implied(tasks, ["c", "a"]) == {"b"}
    assert implied(tasks, ["d", "gone"]) == set()
