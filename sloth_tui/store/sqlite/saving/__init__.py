"""Backups of whole databases: written, verified, listed, forgotten, and put back."""
