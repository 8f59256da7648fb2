"""Rescue what can be read of a damaged database, without SQLite: page by page, whatever else is lost.

The format is described at sqlite.org/fileformat2.html. Plain SQLite files have no checksums but in their
log, so a value that is read may have a damaged bit; what a verified backup says of the same revision tells.
"""
