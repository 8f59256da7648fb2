from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sloth_tui.errors import TaskFileError
from sloth_tui.runner.plan import Task, make_plan
from sloth_tui.runner.schedule import DONE, SKIPPED, Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def task(name: str, *depends_on: str, line: int = 1) -> Task:
    return Task(name, None, depends_on, None, None, 0, "t.lua", line)


def names(plan: Sequence[Task]) -> list[str]:
    return [each.name for each in plan]


@st.composite
def graphs(draw: st.DrawFn, *, acyclic: bool) -> list[Task]:
    """Tasks in some order of definition; acyclic ones depend only on those before them in another order."""
    count = draw(st.integers(1, 9))
    everyone = [f"t{number}" for number in range(count)]
    tasks = []
    for number, name in enumerate(everyone):
        others = everyone[:number] if acyclic else everyone
        wanted = draw(st.lists(st.sampled_from(others), unique=True, max_size=4)) if others else []
        tasks.append(task(name, *wanted))
    return draw(st.permutations(tasks))


def slow_order(tasks: Sequence[Task]) -> list[str]:
    """The rule, word by word: again and again the first defined whose dependencies have all come."""
    order: list[str] = []
    while len(order) < len(tasks):
        order.append(next(t.name for t in tasks if t.name not in order and set(t.depends_on) <= set(order)))
    return order


def reachable(tasks: Sequence[Task], start: str) -> set[str]:
    by_name = {each.name: each for each in tasks}
    found: set[str] = set()
    ahead = list(by_name[start].depends_on)
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += by_name[name].depends_on
    return found


@given(graphs(acyclic=True))
def test_order_is_that_of_definition_after_dependencies(tasks: list[Task]) -> None:
    assert names(make_plan(tasks)) == slow_order(tasks)


@pytest.mark.slow
@given(graphs(acyclic=False))
def test_cycles_are_found_exactly_where_there_are_any_and_shown_as_a_path(tasks: list[Task]) -> None:
    by_name = {each.name: each for each in tasks}
    has_cycle = any(each.name in reachable(tasks, each.name) for each in tasks)
    try:
        plan = make_plan(tasks)
    except TaskFileError as error:
        assert has_cycle
        path = error.message.partition("each other: ")[2].split(" -> ")
        assert path[0] == path[-1]
        assert len(path) == len(set(path)) + 1
        for before, after in itertools.pairwise(path):
            assert after in by_name[before].depends_on
    else:
        assert not has_cycle
        assert len(plan) == len(tasks)


@pytest.mark.slow
@given(graphs(acyclic=True), st.data())
def test_wanted_tasks_bring_what_they_depend_on_and_nothing_else(
    tasks: list[Task], data: st.DataObject
) -> None:
    wanted = data.draw(st.lists(st.sampled_from(names(tasks)), min_size=1, unique=True))
    needed = set(wanted).union(*(reachable(tasks, name) for name in wanted))
    assert names(make_plan(tasks, wanted)) == [name for name in slow_order(tasks) if name in needed]


def model_results(plan: Sequence[Task], failing: set[str], *, keep_going: bool) -> dict[str, str]:
    results: dict[str, str] = {}
    for each in plan:
        blocked = any(results[name] != DONE for name in each.depends_on)
        stopped = not keep_going and "failed" in results.values()
        results[each.name] = SKIPPED if blocked or stopped else "failed" if each.name in failing else DONE
    return results


@pytest.mark.slow
@given(graphs(acyclic=True), st.booleans(), st.data())
def test_after_a_failure_dependents_are_skipped_and_without_keep_going_all(
    tasks: list[Task], keep_going: bool, data: st.DataObject
) -> None:
    plan = make_plan(tasks)
    failing = set(data.draw(st.lists(st.sampled_from(names(tasks)), unique=True)))
    schedule = Schedule(plan, {}, keep_going=keep_going)
    for each in schedule.ahead():
        obstacle = schedule.obstacle(each)
        schedule.record(each.name, SKIPPED if obstacle else "failed" if each.name in failing else DONE)
    assert schedule.results == model_results(plan, failing, keep_going=keep_going)


def test_obstacles_are_named() -> None:
    plan = make_plan([task("a"), task("b", "a"), task("c", "b"), task("d")])
    schedule = Schedule(plan, {"a": "timeout", "b": SKIPPED}, keep_going=True)
    assert schedule.obstacle(plan[1]) == "depends on 'a', which took too long"
    assert schedule.obstacle(plan[2]) == "depends on 'b', which was skipped"
    assert schedule.obstacle(plan[3]) is None
    assert Schedule(plan, {"a": "failed"}, keep_going=False).obstacle(plan[3]) == "'a' failed"


@pytest.mark.parametrize(
    ("make", "message", "hint"),
    [
        (list, "the file defines no tasks", "task({"),
        (
            lambda: [task("a", line=2), task("b", line=3), task("a", line=9)],
            "t.lua:9: task 'a' is defined twice, first at t.lua:2",
            None,
        ),
        (
            lambda: [task("build"), task("ship", "biuld", line=4)],
            "t.lua:4: task 'ship' depends on 'biuld', which is not defined",
            "did you mean 'build'?",
        ),
        (lambda: [task("a", "a", line=5)], "t.lua:5: tasks depend on each other: a -> a", None),
    ],
)
def test_what_cannot_be_planned(make: Callable[[], list[Task]], message: str, hint: str | None) -> None:
    with pytest.raises(TaskFileError) as caught:
        make_plan(make())
    assert caught.value.message == message
    assert hint is None or hint in str(caught.value.hint)


def test_unknown_wanted_task_gets_the_nearest_name() -> None:
    with pytest.raises(TaskFileError, match="no task is called 'bild'") as caught:
        make_plan([task("build"), task("ship")], ["bild"])
    assert caught.value.hint == "did you mean 'build'?"


def test_thousands_of_tasks_in_a_chain_are_no_trouble() -> None:
    count = 5000
    tasks = [task(str(number), str(number + 1)) for number in range(count)] + [task(str(count))]
    assert names(make_plan(tasks)) == [str(number) for number in range(count, -1, -1)]


@pytest.mark.slow
def test_a_long_circle_is_found_soon_and_told_shortly() -> None:
    count = 50_000
    with pytest.raises(TaskFileError) as caught:
        make_plan([task(str(number), str((number + 1) % count)) for number in range(count)])
    assert caught.value.message.startswith("t.lua:1: tasks depend on each other: 0 -> 1 -> 2 -> ")
    assert " -> (49,981 more) -> " in caught.value.message
    assert caught.value.message.endswith(" -> 49999 -> 0")
    assert len(caught.value.message) < 300


def test_names_to_choose_from_are_few() -> None:
    with pytest.raises(TaskFileError) as caught:
        make_plan([task(f"number {number}") for number in range(1000)], ["?"])
    assert "number 19 and 980 more" in str(caught.value.hint)


@pytest.mark.slow
def test_obstacles_of_many_tasks_are_found_without_going_through_all_results() -> None:
    plan = make_plan([task(str(number)) for number in range(30_000)])
    schedule = Schedule(plan, {}, keep_going=False)
    started = time.process_time()
    for each in schedule.ahead():
        assert schedule.obstacle(each) is None
        schedule.record(each.name, DONE)
    assert time.process_time() - started < 2
