"""The terminal UI in a web browser: a guarded front, and a process of the UI behind each page.

The front (:mod:`.serving`) checks every request (:mod:`.guard`) before it answers. A page that shows the
token gets a process of its own (:mod:`.sessions`, :mod:`.session`). Importing this package costs nothing.
"""
