"""The levels below arrays: a step as arithmetic on single numbers, drawn from what was followed, and written."""
