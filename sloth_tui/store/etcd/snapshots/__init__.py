"""What is read at one moment at which no commit is pending, and what a commit stages before it is made."""
