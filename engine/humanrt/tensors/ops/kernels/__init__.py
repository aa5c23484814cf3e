"""What the ops compute: plain functions from arrays to fresh arrays, as TF.js 4.22's CPU backend computes them.

Each file is one kind of op. Where TF.js has a rule for a dtype or a value (integers, bools, NaN, infinities), it holds
here too; ``humanrt.tensors.ops`` tells the rules where its methods are documented. Kernels are called with NumPy's
warnings off, see ``quiet.py`` there.
"""
