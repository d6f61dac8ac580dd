"""Where trials are carried out, one file each: ``opened(question, address)`` yields a function of tasks.

An engine decides where and when, and nothing else: what does not depend on the machine comes out the same on each.
"""
