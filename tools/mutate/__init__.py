"""Mutation tests of one room: small changes, drawn at random, that the room's own tests should notice.

``python tools/mutate ROOM`` draws mutants of all files of ``engine/humanrt/ROOM`` and runs ``tests/ROOM`` on each, in a
temporary copy of the tree. Results are kept in ``build/mutate/ROOM.jsonl``, so an interrupted run continues.
``equivalent.toml`` lists mutants that no test can notice, with the reasons.

``operators.py`` changes the source, ``sample.py`` draws and names mutants, ``runner.py`` runs the tests.
"""
