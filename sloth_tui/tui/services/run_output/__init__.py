"""The output of a run for the screen: raw event lines in, lines to draw out."""
