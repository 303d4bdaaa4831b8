import asyncio
import io
import os
import threading
from pathlib import Path

import numpy
import onnxruntime
import ray
from ray import serve
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

PROVIDERS = {'cpu': 'CPUExecutionProvider', 'cuda': 'CUDAExecutionProvider', 'tensorrt': 'TensorrtExecutionProvider',
             'rocm': 'ROCMExecutionProvider', 'migraphx': 'MIGraphXExecutionProvider',
             'openvino': 'OpenVINOExecutionProvider', 'qnn': 'QNNExecutionProvider', 'dml': 'DmlExecutionProvider',
             'coreml': 'CoreMLExecutionProvider', 'webgpu': 'WebGpuExecutionProvider'}
COUNTED = {'cuda', 'tensorrt', 'rocm', 'migraphx', 'dml'}  # providers that know devices by number
LEVELS = {'disabled': 'ORT_DISABLE_ALL', 'basic': 'ORT_ENABLE_BASIC', 'extended': 'ORT_ENABLE_EXTENDED',
          'all': 'ORT_ENABLE_ALL'}
FOLDER = Path(__file__).resolve().parent
TRIES = 3  # of an inference, if replicas die meanwhile


class BadRequest(Exception):
    """A request that no part can serve."""


class NoAnswer(Exception):
    """A part did not answer in time: its replica cannot be started again, as when its host is gone."""


class Part:
    """One part of the model on its device. Tensors stay in Ray's object store until those who read them fetch them."""

    def __init__(self, part, device, opt):
        self._inputs, self._outputs = part['inputs'], part['outputs']
        self._lock = threading.Lock()  # a device runs one inference of a part at a time
        cores = device.get('cores')
        if cores and hasattr(os, 'sched_setaffinity'):
            os.sched_setaffinity(0, cores)
        provider = PROVIDERS[device['provider']]
        if provider not in onnxruntime.get_available_providers():
            raise RuntimeError(f"device {device['name']} needs {provider}, which the ONNX Runtime on this host does not have: "
                               f"{', '.join(onnxruntime.get_available_providers())}")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = device['threads']
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, LEVELS[opt])
        settings = {}
        if device['provider'] in COUNTED:
            settings = {'device_id': str(device['ordinal'])}
        elif device['provider'] == 'openvino':
            settings = {'device_type': device['kind'].upper()}
        elif device['provider'] == 'qnn':
            settings = {'backend_type': 'htp' if device['kind'] == 'npu' else device['kind']}
        providers = [(provider, settings)]
        if provider != PROVIDERS['cpu']:
            providers.append((PROVIDERS['cpu'], {}))
        self._session = onnxruntime.InferenceSession(str(FOLDER / part['file']), options, providers=providers)

    def _compute(self, feeds):
        with self._lock:
            return self._session.run(self._outputs, feeds)

    async def run(self, tensors):
        """From references to the inputs, by name, to references to the outputs."""
        values = await asyncio.gather(*(tensors[name] for name in self._inputs))
        results = await asyncio.to_thread(self._compute, dict(zip(self._inputs, values)))
        return {name: ray.put(value) for name, value in zip(self._outputs, results)}


class Model:
    """Takes requests, and leads each through the parts of a lane."""

    def __init__(self, lanes, seconds):
        self._lanes = lanes  # [[(part, handle), ...], ...]
        self._seconds = seconds  # how long an inference may take, with what it takes to start replicas again
        self._credit = [0] * len(lanes)

    def _next_lane(self):
        """The lanes in turn, each as often as its share says."""
        shares = [lane['share'] for lane in PLAN['lanes']]
        self._credit = [credit + share for credit, share in zip(self._credit, shares)]
        chosen = self._credit.index(max(self._credit))
        self._credit[chosen] -= sum(shares)
        return self._lanes[chosen]

    async def _infer_once(self, feeds, asked):
        """`asked` holds the parts that have not answered."""
        tensors = {name: asyncio.get_running_loop().create_future() for name in PLAN['signature']}
        for name, value in feeds.items():
            tensors[name].set_result(ray.put(value))

        async def run(part, handle):
            taken = {name: await tensors[name] for name in part['inputs']}
            asked[part['id']] = part['device']
            for name, reference in (await handle.run.remote(taken)).items():
                tensors[name].set_result(reference)
            del asked[part['id']]

        tasks = [asyncio.ensure_future(run(part, handle)) for part, handle in self._next_lane()]
        try:
            await asyncio.gather(*tasks)
            return await asyncio.gather(*[tensors[name].result() for name in PLAN['outputs']])
        finally:
            for task in tasks:
                task.cancel()

    async def infer(self, feeds):
        """One inference, from arrays by name to arrays by name."""
        check(feeds)
        asked = {}
        try:
            return await asyncio.wait_for(self._infer(feeds, asked), self._seconds)
        except asyncio.TimeoutError:
            parts = ', '.join(f'part {part} on {device}' for part, device in sorted(asked.items()))
            raise NoAnswer(f'no answer within {self._seconds:g} seconds from {parts or "the deployments"}') from None

    async def _infer(self, feeds, asked):
        for left in reversed(range(TRIES)):
            asked.clear()
            try:
                return dict(zip(PLAN['outputs'], await self._infer_once(feeds, asked)))
            except (ray.exceptions.RayActorError, ray.exceptions.ObjectLostError):
                if left == 0:
                    raise
        raise AssertionError('no try is left')

    async def __call__(self, request: Request) -> Response:
        try:
            with numpy.load(io.BytesIO(await request.body()), allow_pickle=False) as archive:
                feeds = {name: archive[name] for name in archive.files}
        except Exception as error:
            return PlainTextResponse(f'error: the body is no .npz archive of the inputs: {error}\n', status_code=400)
        try:
            results = await self.infer(feeds)
        except BadRequest as error:
            return PlainTextResponse(f'error: {error}\n', status_code=400)
        except NoAnswer as error:
            return PlainTextResponse(f'error: {error}\n', status_code=503)
        except (ray.exceptions.RayActorError, ray.exceptions.ObjectLostError) as error:
            reason = str(error).strip().splitlines()[0]
            return PlainTextResponse(f'error: a part was lost {TRIES} times, and is started again: {reason}\n', status_code=503)
        except ray.exceptions.RayTaskError as error:
            return PlainTextResponse(f'error: {str(error).strip().splitlines()[-1]}\n', status_code=500)
        body = io.BytesIO()
        numpy.savez(body, **{name: value.astype(str) if value.dtype == object else value
                             for name, value in ((name, numpy.asarray(value)) for name, value in results.items())})
        return Response(body.getvalue(), media_type='application/octet-stream')


def check(feeds):
    """Raises BadRequest for what is not what the model takes."""
    for name in PLAN['inputs']:
        if name not in feeds:
            raise BadRequest(f"input '{name}' is missing; the model takes {', '.join(PLAN['inputs'])}")
        value, wanted = numpy.asarray(feeds[name]), PLAN['signature'][name]
        kind = 'string' if value.dtype.kind in 'USO' else value.dtype.name
        if kind != wanted['dtype']:
            raise BadRequest(f"input '{name}' is {kind}, and the model takes {wanted['dtype']}")
        shape = wanted.get('shape')
        if shape is None:
            continue
        if len(shape) != value.ndim or any(isinstance(size, int) and size != given for size, given in zip(shape, value.shape)):
            raise BadRequest(f"input '{name}' has shape {list(value.shape)}, and the model takes {shape}")
    for name in feeds:
        if name not in PLAN['inputs']:
            raise BadRequest(f"'{name}' is no input; the model takes {', '.join(PLAN['inputs'])}")


def share_of(device, users):
    """Of a device's resource, for one of its users. Ray counts in ten-thousandths."""
    return {device: int(10000 / users) / 10000}


def deployment(part, device, users, opt):
    """A deployment of one replica, which only a node with the device's resource can hold."""
    options = {'num_cpus': 0, 'resources': share_of(device['name'], users),
               # Devices are numbered as the plan numbers them, whatever Ray has given away.
               'runtime_env': {'env_vars': {'RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES': '1'}}}
    return serve.deployment(Part).options(name=part['id'], num_replicas=1, max_ongoing_requests=4,
                                          ray_actor_options=options).bind(part, device, opt)


def app(args):
    """The application. opt=disabled|basic|extended|all: ONNX Runtime's graph optimizations; all if it is not given. seconds=60: how
    long an inference may take before the answer is an error."""
    opt, seconds = args.pop('opt', 'all'), float(args.pop('seconds', 60))
    if opt not in LEVELS or args:
        raise ValueError(f"arguments are opt={'|'.join(LEVELS)} and seconds=NUMBER; not {', '.join(args) or opt}")
    devices = {device['name']: device for device in PLAN['devices']}
    users = {name: 0 for name in devices}
    for lane in PLAN['lanes']:
        for part in lane['parts']:
            users[part['device']] += 1
    # What is in front stands where the first part is: elsewhere inputs would cross the network on their way there.
    first = next((part['device'] for lane in PLAN['lanes'] for part in lane['parts']), None)
    if first is not None:
        users[first] += 1
    if not ray.is_initialized():
        try:
            ray.init(address=os.environ.get('RAY_ADDRESS', 'auto'), namespace='serve')
        except ConnectionError:
            raise RuntimeError(f'Ray does not run here: start it as written at the top of {Path(__file__).name}') from None
    there = ray.cluster_resources()
    missing = [name for name in devices if users[name] > 0 and there.get(name, 0) < 1]
    if missing:
        raise RuntimeError(f"no Ray node has the resource {', '.join(missing)}: start Ray on each host as written at the top of "
                           f'{Path(__file__).name}')
    lanes = [[(part, deployment(part, devices[part['device']], users[part['device']], opt)) for part in lane['parts']]
             for lane in PLAN['lanes']]
    front = {} if first is None else share_of(first, users[first])
    return serve.deployment(Model).options(name='model', num_replicas=1, max_ongoing_requests=64,
                                           ray_actor_options={'num_cpus': 0, 'resources': front}).bind(lanes, seconds)
