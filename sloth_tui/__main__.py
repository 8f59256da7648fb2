from sloth_tui.cli import entry

if __name__ == "__main__":
    entry()
