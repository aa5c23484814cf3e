"""Fuzzing of the loaders of models and pictures: any damage is a documented error or a valid result.

``writer`` writes small graph models; ``corpus`` writes models that together use every op. ``mutation`` damages a model.
``worker`` converts damaged models in a process with limited memory and time; ``runner`` starts and restarts workers.
``onnx_corpus``, ``onnx_mutation`` and ``onnx_worker`` do the same for ONNX models with external data, up to the session
of ONNX Runtime; ``picture_corpus``, ``picture_mutation`` and ``picture_worker`` for encoded pictures, up to the pixels.
"""
