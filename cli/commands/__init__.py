"""One module a group of commands; each has ``app``, a Typer, and :mod:`cli.main` finds it.

A module may also set ``NAME`` (the group's name, by default the module's) and ``FLAT = True`` (its commands go to the top).
"""
