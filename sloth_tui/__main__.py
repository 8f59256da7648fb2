import os

try:
    from sloth_tui.cli import program

    if __name__ == "__main__":
        program()
except (MemoryError, SystemError):  # too little to load even the code that reports it
    os.write(2, b"error: out of memory\n")
    os._exit(1)
