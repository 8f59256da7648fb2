"""The actions of ``[commands.NAME]`` in config.toml: the user's own commands, in palette, help and footer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.settings_commands import mistake_in, read_commands
from sloth_tui.text import display_text
from sloth_tui.tui.actions.action import OWN_GROUP, OWN_PREFIX, Action
from sloth_tui.tui.keymap import read_keys

if TYPE_CHECKING:
    from sloth_tui.settings import Settings
    from sloth_tui.settings_commands import OwnCommand

_PANES = {
    "": (),
    "key": ("keys", "detail"),
    "agent": ("agents",),
    "lock": ("locks",),
    "run": ("run", "live", "kept"),
}
_HELP_LIMIT = 60


def own_actions(settings: Settings) -> list[Action]:
    """Return an action for each command. Raises InvalidConfig, also for what is not a key."""
    return [_action(settings, command) for command in read_commands(settings)]


def offered(settings: Settings, *, in_browser: bool, read_only: bool) -> frozenset[str]:
    """Return the ids of those that are offered: with ``--read-only`` what says that it only reads; in a
    browser nothing that needs a terminal and, with ``--read-only``, nothing at all, as every command may act
    on files and programs."""
    return frozenset(
        OWN_PREFIX + command.name
        for command in read_commands(settings)
        if not (read_only and (in_browser or not command.reads_only))
        and not (in_browser and command.output == "terminal")
    )


def _action(settings: Settings, command: OwnCommand) -> Action:
    try:
        keys = ",".join(read_keys(command.key))
    except ValueError as error:
        raise mistake_in(settings, command.name, "key", str(error)) from None
    text = " ".join(command.run.split())
    return Action(
        OWN_PREFIX + command.name,
        keys,
        command.label,
        display_text(f"{command.label}: {text}", _HELP_LIMIT),
        OWN_GROUP,
        _PANES[command.on],
        footer=bool(keys),
        writes=not command.reads_only,
        verb="run_command",
        argument=command.name,
    )
