"""Golf: the fewest parameters, and the fewest bits, that do a task. Entries are files; nobody's word is taken for them.

architecture  the words that an entry may use, and how it is run
tasks         what is to be done, on which fixed test set, and how well
entry         reads a pair of files: an architecture as JSON, weights as safetensors
board         runs entries, ranks them, and takes new ones
entries/      ours
"""
