"""Writes encoders of the shape of BERT (Devlin et al., 2019) as ONNX models without weights, for bench/design.sh.

usage: design_models.py FOLDER
"""
import os
import sys

import onnx
from onnx import TensorProto, helper

VOCABULARY = 30522


class Encoder:
    """An encoder for a number of tokens, with embeddings and a head that predicts words."""

    def __init__(self, layers, width, heads, tokens):
        self.width, self.heads, self.tokens = width, heads, tokens
        self.nodes, self.weights = [], []
        x = self.op("Gather", [self.weight("words", [VOCABULARY, width]), "ids"], "embed")
        x = self.op("Add", [x, self.weight("positions", [tokens, width])], "embed/positions")
        x = self.norm(x, "embed/norm")
        self.constant("split", TensorProto.INT64, [4], [0, tokens, heads, width // heads])
        self.constant("merge", TensorProto.INT64, [3], [0, tokens, width])
        self.constant("scale", TensorProto.FLOAT16, [1], [(width // heads) ** 0.5])
        for i in range(layers):
            x = self.layer(x, f"layer{i}")
        logits = self.linear(x, width, VOCABULARY, "head")
        self.graph = helper.make_graph(
            self.nodes, "encoder",
            [helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", tokens])],
            [helper.make_tensor_value_info(logits, TensorProto.FLOAT16, ["batch", tokens, VOCABULARY])],
            self.weights)

    def constant(self, name, kind, dims, values):
        self.weights.append(helper.make_tensor(name, kind, dims, values))

    def weight(self, name, dims):
        """In a file that is not written: only the shape counts."""
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT16, dims=dims,
                             data_location=TensorProto.EXTERNAL)
        size = 2
        for dim in dims:
            size *= dim
        for key, value in (("location", "weights.bin"), ("offset", "0"), ("length", str(size))):
            entry = tensor.external_data.add()
            entry.key, entry.value = key, value
        self.weights.append(tensor)
        return name

    def op(self, kind, inputs, name, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [name + "_out"], name=name, **attributes))
        return name + "_out"

    def linear(self, x, rows, columns, name):
        product = self.op("MatMul", [x, self.weight(name + ".w", [rows, columns])], name)
        return self.op("Add", [product, self.weight(name + ".b", [columns])], name + "/bias")

    def norm(self, x, name):
        return self.op("LayerNormalization",
                       [x, self.weight(name + ".scale", [self.width]), self.weight(name + ".bias", [self.width])], name)

    def project(self, x, name, order):
        y = self.op("Reshape", [self.linear(x, self.width, self.width, name), "split"], name + "/split")
        return self.op("Transpose", [y], name + "/turn", perm=order)

    def layer(self, x, name):
        query = self.project(x, name + "/query", [0, 2, 1, 3])
        key = self.project(x, name + "/key", [0, 2, 3, 1])
        value = self.project(x, name + "/value", [0, 2, 1, 3])
        scores = self.op("Div", [self.op("MatMul", [query, key], name + "/scores"), "scale"], name + "/scale")
        mixed = self.op("MatMul", [self.op("Softmax", [scores], name + "/softmax", axis=-1), value], name + "/context")
        merged = self.op("Reshape", [self.op("Transpose", [mixed], name + "/back", perm=[0, 2, 1, 3]), "merge"],
                         name + "/merge")
        attention = self.linear(merged, self.width, self.width, name + "/output")
        middle = self.norm(self.op("Add", [attention, x], name + "/add"), name + "/norm")
        inner = self.linear(middle, self.width, 4 * self.width, name + "/up")
        inner = self.op("Gelu", [inner], name + "/gelu")
        last = self.op("Add", [self.linear(inner, 4 * self.width, self.width, name + "/down"), middle], name + "/add2")
        return self.norm(last, name + "/norm2")

    def save(self, path):
        model = helper.make_model(self.graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
        with open(path, "wb") as file:
            file.write(model.SerializeToString())


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    Encoder(24, 1024, 16, 512).save(os.path.join(folder, "bert-large.onnx"))
    Encoder(12, 768, 12, 512).save(os.path.join(folder, "bert-base.onnx"))
    print("bert-large.onnx, bert-base.onnx")


main()
