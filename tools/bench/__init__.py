"""What things cost, measured beside a peer in the same run: ``tools/bench/tensors``.

``rounds.py`` measures two sides by turns, ``table.py`` sets the numbers beside their goals.
"""
