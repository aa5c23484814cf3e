"""What the ops compute: plain functions from arrays to fresh arrays, as TF.js 4.22's CPU backend computes them.

Each file is one kind of op. Where TF.js has a rule for a dtype or a value (integers, bools, NaN, infinities), it holds
here too; the methods in ``humanrt.tensors.ops`` document it. ``run.py`` calls the kernels, with NumPy's warnings off,
and ``promotion.py`` has the rules for dtypes.
"""
