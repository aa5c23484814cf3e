"""Comparison with the peers, the real TF.js and the real Human, which run in one Node process.

``python tools/parity models`` compares every converted model with TF.js, ``python tools/parity human PICTURE...``
compares all detections in pictures with Human's. The tests in ``tests/peer`` use the same code. Node 20.9 or later and
npm are needed; the packages of ``package.json`` are installed at the first use.
"""
