"""Serves one part of a model by ONNX Runtime: JSON of the Open Inference Protocol (version 2) by POST, to any path.

A request may hold "inputs", as clients write them, or "outputs", as the part before this one answers: KServe's router hands on the
answer of one step of a sequence as the request of the next. Tensors that the part does not take are passed over.

    python part_server.py PART.onnx [--host=127.0.0.1] [--port=8080] [--provider=CPUExecutionProvider] [--threads=0]
"""
import argparse
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy
import onnxruntime

DATATYPES = {'BOOL': 'bool', 'UINT8': 'uint8', 'UINT16': 'uint16', 'UINT32': 'uint32', 'UINT64': 'uint64', 'INT8': 'int8',
             'INT16': 'int16', 'INT32': 'int32', 'INT64': 'int64', 'FP16': 'float16', 'FP32': 'float32', 'FP64': 'float64',
             'BYTES': 'str'}
NAMES = {dtype: name for name, dtype in DATATYPES.items()}


class Part:
    """A part, which computes one request at a time."""

    def __init__(self, path, provider, threads, level):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
        if provider not in onnxruntime.get_available_providers():
            raise SystemExit(f"error: this ONNX Runtime has no {provider}: {', '.join(onnxruntime.get_available_providers())}")
        self.name = os.path.basename(path)
        self._session = onnxruntime.InferenceSession(path, options, providers=[provider])
        self._inputs = [each.name for each in self._session.get_inputs()]
        self._outputs = [each.name for each in self._session.get_outputs()]
        self._lock = threading.Lock()

    def answer(self, request):
        """From the JSON of a request to that of its answer. Raises ValueError for what is no request of this part."""
        tensors = request.get('inputs', request.get('outputs')) if isinstance(request, dict) else None
        if not isinstance(tensors, list):
            raise ValueError("the request has neither 'inputs' nor 'outputs'")
        given = {tensor['name']: tensor for tensor in tensors}
        feeds = {}
        for name in self._inputs:
            if name not in given:
                raise ValueError(f"input '{name}' is missing; this part takes {', '.join(self._inputs)}")
            tensor = given[name]
            if tensor.get('datatype') not in DATATYPES:
                raise ValueError(f"input '{name}' has the datatype {tensor.get('datatype')}; it is one of {', '.join(DATATYPES)}")
            values = numpy.array(tensor['data'], dtype=DATATYPES[tensor['datatype']])
            feeds[name] = values.reshape(tensor['shape'])
        with self._lock:
            results = self._session.run(self._outputs, feeds)
        return {'model_name': self.name, 'outputs': [
            {'name': name, 'shape': list(value.shape), 'datatype': NAMES.get(value.dtype.name, 'BYTES'),
             'data': value.ravel().tolist()} for name, value in zip(self._outputs, map(numpy.asarray, results))]}


def handler(part):
    """What answers requests for the part."""
    class Handler(BaseHTTPRequestHandler):
        def _send(self, status, content):
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header('Content-Type', 'application/json')
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):  # probes
            self._send(200, {'ready': True, 'name': part.name})

        def do_POST(self):
            try:
                request = json.loads(self.rfile.read(int(self.headers.get('Content-Length', 0))))
                self._send(200, part.answer(request))
            except Exception as error:  # whatever a request may be, the next one is served
                self._send(400, {'error': str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__})

        def log_message(self, *_):
            pass
    return Handler


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('part')
    parser.add_argument('--host', default='127.0.0.1')
    parser.add_argument('--port', type=int, default=8080)
    parser.add_argument('--provider', default='CPUExecutionProvider')
    parser.add_argument('--threads', type=int, default=0)
    parser.add_argument('--optimizations', default='ORT_ENABLE_ALL')
    given = parser.parse_args()
    part = Part(given.part, given.provider, given.threads, given.optimizations)
    ThreadingHTTPServer((given.host, given.port), handler(part)).serve_forever()


if __name__ == '__main__':
    main()
