"""Connections to one database file: opening, consistent reads, transactions, errors, backups.

What every connection needs to know of the driver's exceptions is here. What they mean is in ``errors``, which
is imported when one is raised.
"""

from __future__ import annotations

import apsw

BUSY_SECONDS = 10.0
"""How long a handle waits for a locked database before it raises an error."""
UNREADABLE = (apsw.Error, UnicodeDecodeError)
"""Exceptions raised while a database is read. For text that is not UTF-8 the driver raises a Python error."""
MISFITS = (TypeError, ValueError, LookupError, ArithmeticError, AttributeError, AssertionError)
"""Exceptions raised by the conversion of columns of a wrong type. Catch them only around such conversions."""
