"""The domains, one file each: ``DOMAIN``, a class of ``onionskin/learn/domain.py``, and a function that makes it."""
