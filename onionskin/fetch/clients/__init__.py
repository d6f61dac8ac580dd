"""One file a client of a package registry, named as the client is, with two functions.

``installed(package)`` returns below which folder the package's files are installed, if any are; whether they are the
same is for the caller to see. ``download(package, folder, progress)`` has the client put the archive into a folder and
returns it; it installs nothing, runs nothing of it, and raises OnionskinError with what the client said.
"""
