import os
import sys

try:
    from sloth_tui.cli import main

    if __name__ == "__main__":
        sys.exit(main())
except MemoryError:  # too little to load even the code that reports it
    os.write(2, b"error: out of memory\n")
    os._exit(1)
