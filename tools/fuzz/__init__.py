"""Fuzzing of the loaders of models: for any damage they raise a documented error, or return a valid model.

``writer`` writes small graph models; ``corpus`` writes models that together use every op. ``mutation`` damages a model.
``worker`` converts damaged models in a process with limited memory and time; ``runner`` starts and restarts workers.
``onnx_corpus``, ``onnx_mutation`` and ``onnx_worker`` do the same for ONNX models with external data, up to the session
of ONNX Runtime.
"""
