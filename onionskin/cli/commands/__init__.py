"""One file a command: ``HELP`` says what it does, ``add(parser)`` its arguments, and ``do(options)`` does it.

``do`` returns the exit code. It imports what it takes when it runs, so that every other command starts at once.
"""
