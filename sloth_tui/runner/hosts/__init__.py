"""Run the commands and write the files of tasks."""
