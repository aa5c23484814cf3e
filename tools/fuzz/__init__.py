"""Fuzzing of the loader of TF.js models: for any damage it raises ``ModelFormatError``, or returns a valid model.

``writer`` writes small graph models; ``corpus`` writes models that together use every op. ``mutation`` damages a model.
``worker`` converts damaged models in a process with limited memory and time; ``runner`` starts and restarts workers.
"""
