"""Values as they are stored, printed and read: once, for the command line, the screen and the runner."""
