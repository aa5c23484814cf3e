"""The peers beside us: the real TF.js and the real Human in one Node process, and the comparison with them.

``python tools/parity models`` compares every converted model with TF.js, ``python tools/parity human PICTURE...``
everything that is found in pictures with Human. The tests in ``tests/peer`` stand on the same code. Node 20.9 or later
and npm are needed; the packages of ``package.json`` are installed at the first use.
"""
