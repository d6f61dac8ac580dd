"""``python -m onionskin`` is the command ``onionskin``."""

from onionskin.cli import main

if __name__ == "__main__":
    main()
