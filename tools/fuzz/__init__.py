"""Damaged TF.js models for the loader: whatever the damage, ModelFormatError and its kin come out.

``writer`` writes small graph models, and ``corpus`` those that together use every op. ``mutation`` damages one.
``worker`` converts damaged ones in a process that may use little memory and time, and ``runner`` watches over workers.
"""
