"""This machine as a host: its commands and its files."""
