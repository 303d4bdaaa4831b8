"""Triton's model repositories, read as the messages that Triton's own client package brings, compared with the ONNX files as ONNX Runtime
reads them, and run by what the configurations say alone: step by step, as the server schedules an ensemble."""
import importlib.metadata

import numpy
from google.protobuf import text_format
from place import expect, main, row
from run_parts import difference, run, session
from sample_inputs import sample_inputs
from tritonclient.grpc import model_config_pb2

TYPES = {'TYPE_BOOL': 'tensor(bool)', 'TYPE_INT8': 'tensor(int8)', 'TYPE_UINT8': 'tensor(uint8)', 'TYPE_INT32': 'tensor(int32)',
         'TYPE_INT64': 'tensor(int64)', 'TYPE_FP16': 'tensor(float16)', 'TYPE_FP32': 'tensor(float)', 'TYPE_FP64': 'tensor(double)'}


def configuration(folder):
    return text_format.Parse((folder / 'config.pbtxt').read_text(), model_config_pb2.ModelConfig())


def check_ports(configured, found, what):
    """That tensors of a configuration are those of a session: names, element types, and dimensions where both know them."""
    expect([port.name for port in configured] == [port.name for port in found], f'{what}: {[port.name for port in configured]}')
    for port, real in zip(configured, found):
        kind = model_config_pb2.DataType.Name(port.data_type)
        expect(TYPES[kind] == real.type, f'{what}, {port.name}: {kind} for {real.type}')
        shape = real.shape or [1]  # a scalar is a tensor of one element to clients
        expect(len(shape) == len(port.dims), f'{what}, {port.name}: {list(port.dims)} for {shape}')
        for size, dim in zip(shape, port.dims):
            expect(dim == size if isinstance(size, int) else dim == -1, f'{what}, {port.name}: {list(port.dims)} for {shape}')


class Repository:
    def __init__(self, folder):
        self.folder, self.configurations, self.sessions = folder, {}, {}
        for path in sorted(folder.iterdir()):
            config = self.configurations[path.name] = configuration(path)
            expect(config.name == path.name, f'{path.name} calls itself {config.name}')
            if config.platform == 'ensemble':
                self.ensemble = config
                continue
            opened = self.sessions[path.name] = session(path / '1/model.onnx')
            expect(config.backend == 'onnxruntime' and config.platform == 'onnxruntime_onnx', f'{path.name}: backend {config.backend}')
            expect(len(config.instance_group) > 0, f'{path.name}: no instance')
            check_ports(config.input, opened.get_inputs(), path.name)
            check_ports(config.output, opened.get_outputs(), path.name)

    def serve(self, feeds):
        """What the ensemble gives for a request: each step once all that it takes is there."""
        tensors = {port.name: feeds[port.name] for port in self.ensemble.input}
        waiting = list(self.ensemble.ensemble_scheduling.step)
        while waiting:
            step = next((step for step in waiting if all(value in tensors for value in step.input_map.values())), None)
            expect(step is not None, f'steps wait for each other: {[step.model_name for step in waiting]}')
            waiting.remove(step)
            opened = self.sessions[step.model_name]
            shapes = {port.name: port.shape for port in opened.get_inputs()}
            results = run(opened, {key: tensors[value].reshape(()) if not shapes[key] else tensors[value]
                                   for key, value in step.input_map.items()})
            for key, value in step.output_map.items():
                expect(value not in tensors, f'{value} is computed twice')
                tensors[value] = results[key]
        return {port.name: tensors[port.name] for port in self.ensemble.output}


def rows(place):
    served = steps = 0
    refused = []
    for model in place.models:
        try:
            folder = place.plan(model, place.scattered('cuda'), '--emit=triton')
        except RuntimeError as error:
            expect('; ' in str(error) or ': ' in str(error), str(error))
            refused.append(model.stem)
            continue
        repository = Repository(folder / 'triton')
        whole = session(model)
        feeds = sample_inputs(whole, {'seq': 5})
        found = repository.serve(feeds)
        for name, value in run(whole, feeds).items():
            why = difference(numpy.reshape(found[name], value.shape), value)
            expect(why is None, f'{model.name}, output {name}: {why}')
        served += 1
        steps += len(repository.sessions)
    return [row('Triton Inference Server', f"tritonclient {importlib.metadata.version('tritonclient')}",
                f'repositories of {served} models read as `inference.ModelConfig`, compared with the parts as ONNX Runtime reads them, '
                'and their ensembles run step by step as the configurations say',
                f'all are read, ports agree, {steps} steps give the bits of the models'
                + (f"; `--emit=triton` refuses {', '.join(refused)}" if refused else ''))]


if __name__ == '__main__':
    main(rows)
