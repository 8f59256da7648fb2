"""Read and check the keys that ``[keys]`` in config.toml gives to actions, in Textual's names.

::

    [keys]
    zoom = "Z,ctrl+w"
    quit = "ctrl+q"
    collapse = ""
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from textual.binding import BindingsMap
from textual.keys import KEY_NAME_REPLACEMENTS, KEY_TO_UNICODE_NAME, Keys, _character_to_key

from sloth_tui.agents import config_path
from sloth_tui.settings_checks import mistake
from sloth_tui.text import display_text, nearest
from sloth_tui.tui.actions import ALL_ACTIONS, MOTIONS, PANES, works_in
from sloth_tui.tui.actions.action import OWN_GROUP, OWN_PREFIX
from sloth_tui.tui.actions.runs import RUN_VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.binding import Binding

    from sloth_tui.errors import InvalidConfig
    from sloth_tui.settings import Settings
    from sloth_tui.tui.actions.action import Action

_RESERVED = "ctrl+c"
_MODIFIERS = ("ctrl", "alt", "shift", "meta", "super", "hyper")
_ALIASES = {
    "esc": "escape",
    "del": "delete",
    "ins": "insert",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "pgdown": "pagedown",
    "return": "enter",
    "dot": "full_stop",
    # Terminals send the same bytes for these.
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+[": "escape",
}
_PLACES = {**PANES, **RUN_VIEWS}
_NAMES = frozenset(
    [key.value for key in Keys if key.value.isidentifier()]
    + list(KEY_NAME_REPLACEMENTS.values())
    + list(KEY_TO_UNICODE_NAME)
)


def check_keys(settings: Settings, own: Sequence[Action] = ()) -> dict[str, str]:
    """Return action -> keys as Textual names them. ``own``: the actions of the user's own commands.

    Raises InvalidConfig for an unknown action, for what is not a key, and for a key with two meanings in one
    pane.
    """
    known = {action.id: action for action in ALL_ACTIONS}
    changed: dict[str, str] = {}
    for name, written in settings.keys.items():
        if name not in known:
            raise _mistake(settings, name, "no such action" + _meant(name, known, own))
        try:
            changed[name] = ",".join(read_keys(written))
            if name == "palette" and not changed[name]:
                raise ValueError("the palette needs a key")
        except ValueError as error:
            raise _mistake(settings, name, str(error)) from None
    _refuse_clashes(settings, changed, own)
    return changed


def _meant(name: str, known: Iterable[str], own: Sequence[Action]) -> str:
    for action in own:
        if name in (action.argument, action.id):
            return f"; the key of your own command is commands.{action.argument}.key"
    meant = nearest(name, list(known), 1)
    return f"; did you mean {meant[0]}?" if meant else ""


def read_keys(written: str) -> list[str]:
    """Return the keys of a text like ``e, ctrl+e``; none if it is empty. Raises ValueError naming what is not
    a key."""
    if not written.strip():
        return []
    if written.strip() == ",":
        return ["comma"]
    return list(dict.fromkeys(read_key(word.strip()) for word in written.split(",")))


def read_key(word: str) -> str:
    """Return a key as Textual names it: ``/`` is ``slash``, ``shift+e`` is ``E``, ``esc`` is ``escape``.
    Raises ValueError for what is not a key."""
    word = _ALIASES.get(word, word)
    if len(word) == 1 and word.isprintable() and word != " ":
        return _character_to_key(word)
    *modifiers, last = word.split("+")
    last = _ALIASES.get(last.lower(), last)
    if any(modifier.lower() not in _MODIFIERS for modifier in modifiers):
        raise ValueError(_no_key(word))
    if len(last) == 1 and last.isprintable():
        if [modifier.lower() for modifier in modifiers] == ["shift"] and last.isalpha():
            return last.upper()
        last = _character_to_key(last.lower())
    elif last.lower() in _NAMES:
        last = last.lower()
    elif not _is_character_name(last):
        raise ValueError(_no_key(word))
    return "+".join([*sorted(modifier.lower() for modifier in modifiers), last])


def rebind_map(inherited: BindingsMap, bindings: list[Binding]) -> BindingsMap:
    """Return the bindings of a screen with the current keys of the actions, which ``bindings`` has."""
    ours = {action.id for action in ALL_ACTIONS}
    kept = [
        binding for found in inherited.key_to_bindings.values() for binding in found if binding.id not in ours
    ]
    return BindingsMap([*kept, *bindings])


def _is_character_name(word: str) -> bool:
    """True if this is the Unicode name of a character: ``left_curly_bracket``."""
    try:
        unicodedata.lookup(word.replace("_", " "))
    except KeyError:
        return False
    return True


def _no_key(word: str) -> str:
    meant = nearest(word, sorted(_NAMES), 1)
    like = f"did you mean {meant[0]}?" if meant else "keys are like e, E, /, ctrl+e, f5, space, escape"
    return f"'{display_text(word, 40)}' is not a key; {like}"


def _refuse_clashes(settings: Settings, changed: dict[str, str], own: Sequence[Action]) -> None:
    moves = {key: what for keys, what in MOTIONS for key in keys.split(",")}
    holders: dict[tuple[str, str], Action] = {}
    # Actions with their default keys come first, so that an error names a line of the file.
    for action in (*sorted(ALL_ACTIONS, key=lambda action: action.id in changed), *own):
        usual = () if action in own else action.key.split(",")
        for key in changed.get(action.id, action.key).split(","):
            if key == _RESERVED and key not in usual:
                raise _mistake(settings, action.id, f"{key} always copies the text that is selected")
            if key in moves and key not in usual:
                raise _mistake(
                    settings, action.id, f"{key} moves the cursor everywhere: {moves[key].lower()}"
                )
            for pane in _PLACES if key else ():
                if not works_in(action, pane) or (pane in RUN_VIEWS and not action.panes):
                    continue  # of every screen: the run screen's own keys come first there
                other = holders.setdefault((key, pane), action)
                if other is not action:
                    raise _clash(settings, action, other, key, pane)


def _clash(settings: Settings, action: Action, other: Action, key: str, pane: str) -> InvalidConfig:
    where = "" if not (action.panes or other.panes) else f" in {_PLACES[pane]}"
    whose = f"your own command {other.argument}" if other.group == OWN_GROUP else other.id
    what = "it" if other.group == OWN_GROUP else other.id
    return _mistake(
        settings, action.id, f"{key} is the key of {whose}{where} already; give {what} another one"
    )


def _mistake(settings: Settings, name: str, complaint: str) -> InvalidConfig:
    if name.startswith(OWN_PREFIX):
        from sloth_tui.settings_commands import mistake_in

        return mistake_in(settings, name.removeprefix(OWN_PREFIX), "key", complaint)
    shown = display_text(name, 40)
    return mistake(config_path(), settings.key_lines.get(name, 1), f"keys.{shown}", complaint)
