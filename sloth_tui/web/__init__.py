"""The terminal UI in a web browser: a guarded front, and a process of the UI behind each page.

The front (:mod:`.serving`) checks every request (:mod:`.guard`) before it answers; a page that shows the token
gets a process (:mod:`.sessions`, :mod:`.session`) of its own. Importing this package costs nothing.
"""
