"""The browser, and the dialogs that open over it."""
