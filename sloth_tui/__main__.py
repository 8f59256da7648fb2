import os

try:
    from sloth_tui.cli import program

    if __name__ == "__main__":
        program()
except (MemoryError, SystemError, OSError) as error:  # too little to load even the code that reports it
    if isinstance(error, OSError) and error.errno != 12:  # ENOMEM: directories of modules cannot be read
        raise
    os.write(2, b"error: out of memory\n")
    os._exit(1)
