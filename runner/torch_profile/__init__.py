"""Measures the nodes of an ONNX model by equivalent PyTorch operations.

Only torch_backend.py touches torch; everything else needs nothing but Python 3.9.
"""
