"""Measurements of speed and memory: interleaved timing, a registry of comparisons, their reports.

Every optimisation of the package has a row here that measures it against its own off switch, a
stock component or the plain way, in one process and one run (``actionclip benchmark speed``).
"""
