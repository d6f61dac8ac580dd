"""Where the trials of a sweep are carried out, one file each: ``carried_out`` yields outcomes as they come in.

An engine decides where and when, and nothing else: the same trials have the same outcomes on each of them.
"""
