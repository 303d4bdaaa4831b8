"""Prints onnx_import/operator_signatures.def: what the nodes of each operator must have, by the installed ONNX."""
import onnx

LETTERS = {"FLOAT": "f", "INT": "i", "STRING": "s", "TENSOR": "t", "GRAPH": "g", "SPARSE_TENSOR": "x", "TYPE_PROTO": "p"}
OPTIONS = {"Single": "1", "Optional": "?", "Variadic": "*"}
DOMAINS = ["", "ai.onnx.ml", "ai.onnx.preview", "ai.onnx.preview.training"]


def letter(kind):
    name = kind.name
    return LETTERS[name] if name in LETTERS else LETTERS[name[:-1]].upper()  # INTS: a list of INT


def signature(schema):
    if schema.deprecated:
        return '"!", 0, 0, 0, 0, ""'
    inputs = "".join(OPTIONS[i.option.name] for i in schema.inputs)
    attributes = ",".join(f"{name}{'*' if a.required else ''}:{letter(a.type)}"
                          for name, a in sorted(schema.attributes.items()))
    many = 2**31 - 1
    sizes = [n if n < many else -1 for n in (schema.min_input, schema.max_input, schema.min_output, schema.max_output)]
    return f'"{inputs}", {", ".join(map(str, sizes))}, "{attributes}"'


def table():
    """The text of the file."""
    lines = [f"""// What ONNX {onnx.__version__} demands of nodes, up to opset {onnx.defs.onnx_opset_version()} of ai.onnx. Written by
// bench/onnx_suite/signatures.py, as a test makes sure.
// ALLOT_NEWEST(domain, version): versions up to this one are listed.
// ALLOT_SIGNATURE(domain, operator, since, operands, least operands, most, least results, most, attributes): from version `since` on;
// each operand is 1 (required), ? or * (all further ones); -1 is any number; attributes are name:type with * after the names of
// required ones; "!" for operands is an operator that was withdrawn."""]
    versions = {}
    for schema in onnx.defs.get_all_schemas_with_history():
        versions.setdefault((schema.domain, schema.name), []).append(schema)
    for domain in DOMAINS:
        newest = max(schema.since_version for (d, _), found in versions.items() if d == domain for schema in found)
        lines.append(f'ALLOT_NEWEST("{domain}", {newest})')
    for (domain, name), found in sorted(versions.items(), key=lambda item: (DOMAINS.index(item[0][0]), item[0][1])):
        before = None
        for schema in sorted(found, key=lambda schema: schema.since_version):
            text = signature(schema)
            if text != before:
                lines.append(f'ALLOT_SIGNATURE("{domain}", "{name}", {schema.since_version}, {text})')
            before = text
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")
