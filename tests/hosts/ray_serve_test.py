"""Serves a model by Ray Serve on two hosts; see ray_serve.sh. Argument: the build folder."""
import concurrent.futures
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import numpy
import onnxruntime

BUILD = ''
ADDRESS = {'near': '10.77.0.1', 'far': '10.77.0.2'}
RAY_BIN = os.path.dirname(sys.executable)
PROCESSOR = {'kind': 'cpu', 'memory': '2GiB', 'flops': {'float32': '40G'}, 'memory_bandwidth': '8GB/s',
             'runtime': {'provider': 'cpu', 'threads': 1}}
TARGET = {'schema': 'allot.target/1', 'name': 'two-hosts',
          'servers': [{'hosts': ['near', 'far'], 'devices': [{'name': 'cpu0', **PROCESSOR}]}],
          'network': {'bandwidth': '1Gb/s', 'latency_us': 100}}
SECONDS = 240  # only tells what hangs


def on(host, *command):
    """The command line on a host."""
    return ['ip', 'netns', 'exec', host, *command]


def environment():
    return {**os.environ, 'PATH': f"{RAY_BIN}:{os.environ['PATH']}", 'ORT_DISABLE_TELEMETRY': '1', 'RAY_USAGE_STATS_ENABLED': '0',
            'no_proxy': '*'}


class Served(unittest.TestCase):
    """All tests use one cluster, which takes long to start."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix='ray', dir=os.environ.get('TMPDIR', '/tmp'))
        cls.out = os.path.join(cls.folder, 'out')
        cls.model = os.path.join(cls.folder, 'net.onnx')
        with open(os.path.join(cls.folder, 'two.json'), 'w', encoding='utf-8') as file:
            json.dump(TARGET, file)
        cls.allot = os.path.join(BUILD, 'allot')
        subprocess.run([cls.allot, 'make-model', 'googlenet', cls.model], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([cls.allot, cls.model, f'--target={cls.folder}/two.json', '--objective=throughput', '-o', cls.out, '--quiet',
                        '--emit=parts,manifest,ray-serve', '--pin=before:inception_4c.*=near.cpu0',
                        '--pin=after:inception_4c.*=far.cpu0'], check=True)
        with open(os.path.join(cls.out, 'manifest.json'), encoding='utf-8') as file:
            cls.manifest = json.load(file)
        with open(os.path.join(cls.out, 'ray_serve.py'), encoding='utf-8') as file:
            cls.starts = re.findall(r"(?m)^    # on (\S+)\n    (ray start .*)$", file.read())
        for host, command in cls.starts:
            # As the file says; the hosts have no names here, and share one folder for Ray's files.
            command = command.replace('--address=near:', f"--address={ADDRESS['near']}:")
            started = subprocess.run(on(host, 'bash', '-c', f'{command} --node-ip-address={ADDRESS[host]} --num-cpus=1'),
                                     env=environment(), capture_output=True, text=True, timeout=SECONDS)
            if started.returncode != 0:
                raise AssertionError(started.stdout + started.stderr)
        cls.serving = cls.serve('ray_serve:app', 'opt=disabled')
        settings = onnxruntime.SessionOptions()
        settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        settings.intra_op_num_threads = 1
        cls.whole = onnxruntime.InferenceSession(cls.model, settings)

    @classmethod
    def tearDownClass(cls):
        """Ray's own processes end with the namespaces of the test."""
        cls.serving.kill()
        cls.serving.wait()
        shutil.rmtree(cls.folder, ignore_errors=True)

    @classmethod
    def serve(cls, *what):
        """`serve run`, as soon as it answers."""
        log = os.path.join(cls.folder, 'serve.log')
        with open(log, 'w', encoding='utf-8') as file:
            process = subprocess.Popen(on('near', 'serve', 'run', *what), cwd=cls.out, env=environment(), stdout=file,
                                       stderr=subprocess.STDOUT)
        until = time.monotonic() + SECONDS
        while time.monotonic() < until and process.poll() is None:
            if cls.ask(b'')[0] == 400:
                return process
            time.sleep(1)
        with open(log, encoding='utf-8') as file:
            raise AssertionError(f'{what} does not answer:\n{file.read()[-4000:]}')

    @classmethod
    def ask(cls, body):
        """The status and the body of the answer; status 0: nobody listens."""
        client = ('import sys, urllib.request, urllib.error\n'
                  'try: answer = urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:8000/", data=sys.stdin.buffer.read()))\n'
                  'except urllib.error.HTTPError as error: answer = error\n'
                  'except urllib.error.URLError: sys.exit(7)\n'
                  'sys.stdout.buffer.write(str(answer.status).encode() + b"\\n" + answer.read())\n')
        result = subprocess.run(on('near', sys.executable, '-c', client), input=body, capture_output=True, env=environment(),
                                timeout=SECONDS)
        if result.returncode != 0:
            return 0, result.stderr
        status, _, answer = result.stdout.partition(b'\n')
        return int(status), answer

    def infer(self, image):
        body = io.BytesIO()
        numpy.savez(body, image=image)
        status, answer = self.ask(body.getvalue())
        self.assertEqual(status, 200, answer[:2000])
        with numpy.load(io.BytesIO(answer)) as archive:
            return archive['prob']

    def images(self, count):
        numbers = numpy.random.default_rng(3)
        return [numbers.standard_normal((1, 3, 224, 224)).astype('float32') for _ in range(count)]

    def assert_equal_to_the_whole(self, count):
        images = self.images(count)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(self.infer, images))
        for image, answer in zip(images, answers):
            numpy.testing.assert_array_equal(answer, self.whole.run(None, {'image': image})[0])

    def replica(self, part):
        """The process of a part's deployment: its number and the network namespace that it is in.

        The application answers as soon as its entry is up; the replicas of its parts may come later.
        """
        until = time.monotonic() + SECONDS
        while True:
            found = subprocess.run(['pgrep', '-f', f'^ray::ServeReplica:[^:]*:{part}'], capture_output=True, text=True).stdout.split()
            if len(found) == 1 or time.monotonic() > until:
                break
            time.sleep(0.2)
        self.assertEqual(len(found), 1, f'replicas of {part}')
        return int(found[0]), os.stat(f'/proc/{found[0]}/ns/net').st_ino

    @staticmethod
    def sent():
        """Bytes that left the near host."""
        text = subprocess.run(on('near', 'cat', '/proc/net/dev'), capture_output=True, text=True, check=True).stdout
        return int(re.search(r'port0:(.*)', text).group(1).split()[8])

    def test_1_hosts_have_their_parts(self):
        self.assertEqual([(each['name'], each['parts']) for each in self.manifest['hosts']], [('near', ['p0']), ('far', ['p1'])])
        for part, host in (('p0', 'near'), ('p1', 'far')):
            _, namespace = self.replica(part)
            self.assertEqual(namespace, os.stat(f'/run/netns/{host}').st_ino)

    def test_2_equal_to_the_whole_model(self):
        before = self.sent()
        self.assert_equal_to_the_whole(12)
        # What the plan cuts crossed the link, each time, and little else: inputs did not.
        cut = 12 * self.manifest['edges'][0]['bytes']
        self.assertGreater(self.sent() - before, cut)
        self.assertLess(self.sent() - before, 1.5 * cut)

    def test_3_bad_requests_are_one_line(self):
        body = io.BytesIO()
        numpy.savez(body, picture=self.images(1)[0])
        self.assertEqual(self.ask(body.getvalue()), (400, b"error: input 'image' is missing; the model takes image\n"))
        body = io.BytesIO()
        numpy.savez(body, image=numpy.zeros((1, 3, 8, 8), 'float32'))
        self.assertEqual(self.ask(body.getvalue()),
                         (400, b"error: input 'image' has shape [1, 3, 8, 8], and the model takes [1, 3, 224, 224]\n"))

    def test_4_http_is_on_loopback(self):
        listening = subprocess.run(on('near', 'ss', '-Hltn', 'sport = :8000'), capture_output=True, text=True, check=True).stdout
        self.assertEqual([line.split()[3] for line in listening.splitlines()], ['127.0.0.1:8000'])

    def test_5_a_killed_replica_is_started_again(self):
        pid, _ = self.replica('p1')
        os.kill(pid, signal.SIGKILL)
        self.assert_equal_to_the_whole(2)
        again, namespace = self.replica('p1')
        self.assertNotEqual(again, pid)
        self.assertEqual(namespace, os.stat('/run/netns/far').st_ino)

    def test_6_the_configuration_runs_too(self):
        self.serving.send_signal(signal.SIGTERM)
        self.serving.wait(SECONDS)
        subprocess.run(on('near', 'serve', 'shutdown', '-y'), env=environment(), check=True, capture_output=True, timeout=SECONDS)
        config = os.path.join(self.out, 'ray_serve.yaml')
        with open(config, encoding='utf-8') as file:
            text = file.read()
        with open(config, 'w', encoding='utf-8') as file:
            file.write(text.replace('args: {}', 'args: {opt: disabled, seconds: 20}'))
        type(self).serving = self.serve('ray_serve.yaml')
        self.assert_equal_to_the_whole(2)

    def test_7_a_lost_host_is_one_error(self):
        far = os.stat('/run/netns/far').st_ino
        for pid in subprocess.run(['pgrep', '-f', 'raylet/raylet'], capture_output=True, text=True).stdout.split():
            if os.stat(f'/proc/{pid}/ns/net').st_ino == far:
                os.kill(int(pid), signal.SIGKILL)
        body = io.BytesIO()
        numpy.savez(body, image=self.images(1)[0])
        self.assertEqual(self.ask(body.getvalue()), (503, b'error: no answer within 20 seconds from part p1 on far.cpu0\n'))


if __name__ == '__main__':
    BUILD = sys.argv.pop(1)
    unittest.main(failfast=True, verbosity=2)
