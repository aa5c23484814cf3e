"""Benchmarks. Each command runs both of its sides in turns and prints a table.

``detect --against COMMIT`` measures ``detect()`` beside another commit; ``tensors`` measures tensors beside TF.js, or
another commit; ``matching`` measures a search beside NumPy; ``startup`` measures imports beside the libraries;
``load``, ``memory`` and ``cleanups`` measure models;
``python -m bench.cost`` counts what one ``detect()`` does.

The layout: ``rounds.py`` measures two sides in turns, ``table.py`` prints times, ``workloads.py`` has the pictures and
configurations. ``against.py`` starts a process of ``worker.py`` for each of two commits.
"""
