"""What is printed on the keys of a keyboard."""

from __future__ import annotations

PRINTED = {
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "delete": "del",
    "comma": ",",
    "full_stop": ".",
    "semicolon": ";",
    "slash": "/",
    "colon": ":",
    "asterisk": "*",
    "ampersand": "&",
    "space": "spc",
    "question_mark": "?",
    "escape": "esc",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "plus": "+",
    "minus": "-",
    "backslash": "\\",
    "equals_sign": "=",
    "vertical_line": "|",
}
"""By the names that Textual gives to keys."""
