"""Choose a task file: recent files, directories, examples, a search."""
