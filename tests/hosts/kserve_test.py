"""What --emit=kserve writes, without Kubernetes: the containers' commands run as processes, and a stand-in for KServe's router
calls one after the other as the graph says, handing on each answer byte for byte. Argument: the build folder."""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import numpy
import onnxruntime
import yaml

BUILD = ''
PROCESSOR = {'kind': 'cpu', 'memory': '2GiB', 'flops': {'float32': '40G'}, 'memory_bandwidth': '8GB/s',
             'runtime': {'provider': 'cpu', 'threads': 1}}
TARGET = {'schema': 'allot.target/1', 'name': 'two-hosts',
          'servers': [{'name': 'node', 'count': 2, 'devices': [{'name': 'cpu0', **PROCESSOR}]}],
          'network': {'bandwidth': '10Gb/s', 'latency_us': 100}}
SECONDS = 120  # only tells what hangs
KSERVE = '--emit=parts,kserve{image=registry/onnxruntime:1 storage=pvc://models/net}'


def free_port():
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        return taken.getsockname()[1]


def post(port, body):
    """The status and the body of the answer."""
    try:
        with urllib.request.urlopen(urllib.request.Request(f'http://127.0.0.1:{port}/', data=body), timeout=SECONDS) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


class Chain(unittest.TestCase):
    """A model cut in two."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.model, cls.out = os.path.join(cls.folder, 'Net_v2.onnx'), os.path.join(cls.folder, 'out')
        with open(os.path.join(cls.folder, 'two.json'), 'w', encoding='utf-8') as file:
            json.dump(TARGET, file)
        subprocess.run([os.path.join(BUILD, 'allot'), 'make-model', 'googlenet', cls.model], check=True, stdout=subprocess.DEVNULL)
        result = cls.plan('--pin=before:inception_4c.*=node0.cpu0', '--pin=after:inception_4c.*=node1.cpu0')
        if result.returncode != 0:
            raise AssertionError(result.stderr)
        with open(os.path.join(cls.out, 'kserve', 'kserve.yaml'), encoding='utf-8') as file:
            cls.objects = list(yaml.safe_load_all(file))

    @classmethod
    def plan(cls, *options, emit=KSERVE):
        return subprocess.run([os.path.join(BUILD, 'allot'), cls.model, f'--target={cls.folder}/two.json', '-o', cls.out, '--quiet',
                               emit, *options], capture_output=True, text=True)

    def test_objects(self):
        self.assertEqual([(each['apiVersion'], each['kind'], each['metadata']['name']) for each in self.objects],
                         [('serving.kserve.io/v1beta1', 'InferenceService', 'net-v2-p0'),
                          ('serving.kserve.io/v1beta1', 'InferenceService', 'net-v2-p1'),
                          ('serving.kserve.io/v1alpha1', 'InferenceGraph', 'net-v2')])
        for number, service in enumerate(self.objects[:2]):
            predictor = service['spec']['predictor']
            self.assertEqual(predictor['nodeSelector'], {'kubernetes.io/hostname': f'node{number}'})
            container, = predictor['containers']
            self.assertEqual(container['name'], 'kserve-container')
            self.assertEqual(container['image'], 'registry/onnxruntime:1')
            self.assertEqual(container['env'], [{'name': 'STORAGE_URI', 'value': 'pvc://models/net'}])
        root = self.objects[2]['spec']['nodes']['root']
        self.assertEqual(root, {'routerType': 'Sequence', 'steps': [
            {'serviceName': 'net-v2-p0', 'name': 'p0', 'data': '$request'},
            {'serviceName': 'net-v2-p1', 'name': 'p1', 'data': '$response'}]})

    def start(self, service):
        """The container's command, here and on loopback; the port that it answers on."""
        port, (container,) = free_port(), service['spec']['predictor']['containers']
        command = [re.sub('^/mnt/models', self.out, word) for word in container['command'][1:]]
        command = [word for word in command if not word.startswith(('--host', '--port'))]
        process = subprocess.Popen([sys.executable, '-B', *command, f'--port={port}', '--optimizations=ORT_DISABLE_ALL'])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        until = time.monotonic() + SECONDS
        while time.monotonic() < until and process.poll() is None:
            try:
                post(port, b'')
                return port
            except urllib.error.URLError:
                time.sleep(0.1)
        self.fail(f'{command} does not answer')

    def test_the_sequence_equals_the_whole_model(self):
        ports = {each['metadata']['name']: self.start(each) for each in self.objects[:2]}
        image = numpy.random.default_rng(1).standard_normal((1, 3, 224, 224)).astype('float32')
        body = json.dumps({'inputs': [{'name': 'image', 'shape': list(image.shape), 'datatype': 'FP32',
                                       'data': image.ravel().tolist()}]}).encode()
        for step in self.objects[2]['spec']['nodes']['root']['steps']:
            status, body = post(ports[step['serviceName']], body)
            self.assertEqual(status, 200, body)
        answer, = json.loads(body)['outputs']
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.intra_op_num_threads = 1
        whole, = onnxruntime.InferenceSession(self.model, options).run(None, {'image': image})
        numpy.testing.assert_array_equal(numpy.array(answer['data'], 'float32').reshape(answer['shape']), whole)
        self.assertEqual(post(ports['net-v2-p0'], b'{}'), (400, b'{"error": "the request has neither \'inputs\' nor \'outputs\'"}'))
        self.assertEqual(post(ports['net-v2-p1'], b'{"inputs": []}')[0], 400)

    def test_what_is_no_chain_is_one_error(self):
        result = self.plan('--pin=pool3.*=node1.cpu0', '--pin=before:inception_3a/1x1=node0.cpu0', '--pin=inception_3b/3x3=node1.cpu0',
                           '--pin=after:inception_3b/output=node0.cpu0')
        self.assertEqual((result.returncode, result.stderr.count('\n')), (1, 1), result.stderr)
        self.assertRegex(result.stderr, "^error: .*emitter 'kserve': part p[0-9]+ takes '.*', which part p[0-9]+ does not give, and "
                                        'an InferenceGraph hands on the answer of one step to the next, so the plan must be a chain')
        result = self.plan('--objective=throughput')
        self.assertEqual((result.returncode, result.stderr.count('\n')), (1, 1), result.stderr)
        self.assertIn('placements take turns', result.stderr)
        result = self.plan(emit='--emit=kserve')
        self.assertIn("emitter 'kserve': image= is missing", result.stderr)


if __name__ == '__main__':
    BUILD = sys.argv.pop(1)
    unittest.main()
