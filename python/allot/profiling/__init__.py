"""What the operators of a model take on the devices of a machine, measured in ONNX Runtime. `allot profile` is its program."""
