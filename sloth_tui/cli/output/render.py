"""One value as text: exact for scripts, on one line or over several for people."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.model import Value


def bare(value: Value) -> str | bytes:
    """The value as ``state get`` prints it: text and bytes as they are, tables as compact JSON."""
    if isinstance(value, (str, bytes)):
        return value
    from sloth_tui.cli.output.jsontext import compact

    return compact(value)


def timestamp(at: float | None) -> str | None:
    """Unix seconds as RFC 3339 in UTC, to the millisecond; None stays None."""
    if at is None:
        return None
    import time

    milliseconds = round(at * 1000)
    moment = time.gmtime(milliseconds // 1000)
    # strftime does not fill up years of less than four digits.
    return f"{moment.tm_year:04}{time.strftime('-%m-%dT%H:%M:%S', moment)}.{milliseconds % 1000:03d}Z"
