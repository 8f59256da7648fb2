"""One controller for each part of the browser; ``routes`` says which messages and actions each handles."""
