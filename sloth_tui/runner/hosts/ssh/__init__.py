"""A host that the system's OpenSSH reaches, and the shell programs that run there."""
