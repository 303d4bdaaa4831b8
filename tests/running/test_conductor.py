"""The conductor on workers that compute with numbers: its order, its limits, and that every tensor holds what it should."""

import heapq
import unittest

from allot.errors import RunError
from allot.running.conductor import Conductor
from allot.running.dataflow import make_dataflow
from allot.running.manifest import Lane, PartFile, StatePair
from allot.running.random_numbers import RandomNumbers
from allot.running.state_flow import state_homes

MOD = 1000003


def compute(part, output, inputs):
    """What a part makes of its inputs: a number that depends on all of them, their order, the part and the output."""
    value = 1
    for char in f'{part}/{output}':
        value = (value * 131 + ord(char)) % MOD
    for one in inputs:
        value = (value * 31 + one + 7) % MOD
    return value


class Reply:
    def __init__(self, value, error=None):
        self.value, self.error = value, error


class FakeWorkers:
    """Keeps the contract of workers.py in a time of its own: parts of a device run one at a time in the order given, regions hold
    what was last written, and what a part leaves to later ones of its device is held as often as they take it."""

    def __init__(self, flow, delay=lambda: 0, fail_at=lambda what: None):
        self.parts = {part.session: part for part in flow.parts}
        self.indices = {part.name: part.index for part in flow.parts}
        self.regions, self.held, self.free_at, self.given = [], {}, {}, {}
        self.delay, self.fail_at, self.flow = delay, fail_at, flow
        self.most_given, self.compared, self.log = 0, 0, []
        self.now, self.order, self.events = 0, 0, []
        self.conductor = None

    def new_region(self):
        self.regions.append(None)
        return len(self.regions) - 1

    def forget(self, device):
        self.held = {key: value for key, value in self.held.items() if key[0] != device}

    def run(self, device, part, inputs, outputs, what=None, then=None):
        self.log.append(what)
        self.check_order(device, what)
        self.given[device] = self.given.get(device, 0) + 1
        self.most_given = max(self.most_given, self.given[device])
        start = max(self.now, self.free_at.get(device, 0))
        end = self.free_at[device] = start + 1 + self.delay()
        self.order += 1
        heapq.heappush(self.events, (end, self.order, start, device, part, inputs, outputs, what, then))

    def check_order(self, device, what):
        """Of what could be given to the device, this is the oldest sample's, and of that the first in launch order."""
        _, _, part, _, _, sample = what.split(' ')
        for other, index, _ in self.conductor.devices[device].ready if self.conductor else ():
            self.compared += 1
            assert (other, index) > (int(sample), self.indices[part]), f'{what} before part {index} of {other}'

    def pump(self):
        end, _, start, device, part, inputs, outputs, what, then = heapq.heappop(self.events)
        self.now = end
        values = [self.fetch(device, *one) for one in inputs]
        self.given[device] -= 1
        why = self.fail_at(what)
        if why:
            then(Reply(None, RunError(why)))
            return
        made = []
        for name, key, region, uses, *later in outputs:
            value = compute(self.parts[part].name, name, values)
            if region is not None:
                self.regions[region] = value
            if uses > 0:
                self.held[device, key] = [value, uses]
            if later and later[1] > 0:
                self.held[device, later[0]] = [value, later[1]]
            made.append(['number', [], 8])
        then(Reply((made, [start, start, end, end])))

    def fetch(self, device, name, key, uses, kind, dims, size, region):
        kept = self.held.get((device, key))
        if kept:
            kept[1] -= 1
            if kept[1] == 0:
                del self.held[device, key]
            return kept[0]
        assert kind == 'number' and region is not None, f'{key} is neither held on {device} nor anywhere else'
        if uses > 1:
            self.held[device, key] = [self.regions[region], uses - 1]
        return self.regions[region]


class Manifest:
    def __init__(self, inputs, outputs, parts, share=1, lanes=()):
        self.inputs, self.outputs, self.lanes = inputs, outputs, [Lane(share, tuple(parts)), *lanes]

    def flow(self):
        return make_dataflow(self.inputs, self.outputs, self.lanes)


def part(name, device, inputs, outputs):
    return PartFile(name, device, f'{name}.onnx', tuple(inputs), tuple(outputs))


CHAIN = Manifest(['x'], ['y'], [part('p0', 'a', ['x'], ['t']), part('p1', 'b', ['t'], ['u']), part('p2', 'a', ['u'], ['y'])])


def value_of(index, name):
    value = 0
    for char in name:
        value = value * 31 + ord(char)
    return (index * 1009 + value) % MOD


class Streams(unittest.TestCase):
    def stream(self, manifest, count, in_flight=2, given=None, **how):
        """Streams samples with checked outputs; `given` names the inputs that samples have."""
        flow = manifest.flow()
        workers = FakeWorkers(flow, **how)
        given = manifest.inputs if given is None else given
        shared, self.ended, self.most = {}, 0, 0

        def inputs(index):
            self.most = max(self.most, index + 1 - self.ended)
            values = shared[index] = {}
            for name in given:
                region = workers.new_region()
                workers.regions[region] = value_of(index, name)
                values[name] = 'number', [], 8, region
            return values

        def on_sample(sample):
            values = {name: value_of(sample.index, name) for name in given}
            own = [flow.parts[index] for index in flow.lanes[sample.lane].parts]
            left = list(own)
            while left:
                one = next(one for one in left if all(name in values or (name in manifest.inputs and name not in given)
                                                      for name in one.file.inputs))
                taken = [values[name] for name in one.file.inputs if name in values]
                values.update((name, compute(flow.parts[self.session(flow, one)].name, name, taken)) for name in one.file.outputs)
                left.remove(one)
            for name in manifest.outputs:
                self.assertEqual(workers.regions[sample.values[name][3]], values[name], f'{name} of sample {sample.index}')
            self.assertEqual({run.part for run in sample.runs}, {one.index for one in own})
            self.ended += 1

        conductor = workers.conductor = Conductor(workers, flow, in_flight, inputs, on_sample)
        return workers, conductor, conductor.stream(count)

    @staticmethod
    def session(flow, one):
        return next(other.index for other in flow.parts if other.name == one.session)

    def test_a_chain_over_two_devices(self):
        workers, conductor, samples = self.stream(CHAIN, 25, 3)
        self.assertEqual([sample.index for sample in samples], list(range(25)))
        self.assertEqual((self.ended, self.most, workers.held), (25, 3, {}))
        self.assertLessEqual(workers.most_given, 2)
        # Memory of three samples for the three tensors that travel, and the inputs' own.
        self.assertEqual((len(conductor.regions), len(workers.regions)), (3, 3 * 3 + 25))
        self.assertTrue(all(sample.end_us >= sample.begin_us for sample in samples))

    def test_a_second_stream_goes_on_where_the_first_ended(self):
        _, conductor, _ = self.stream(CHAIN, 4)
        self.assertEqual([sample.index for sample in conductor.stream(3)], [4, 5, 6])
        self.assertEqual(conductor.stream(0), [])

    def test_each_device_takes_the_oldest_sample_first_then_the_part_that_is_launched_first(self):
        workers, _, _ = self.stream(CHAIN, 60, 6, delay=lambda: 3)
        self.assertGreater(workers.compared, 60)
        wide = Manifest(['x'], list('abcd'), [part(f'p{i}', 'one', ['x'], [name]) for i, name in enumerate('abcd')])
        workers, _, _ = self.stream(wide, 3, 3)
        self.assertEqual(workers.log, [f'run part p{i} of sample {sample}' for sample in range(3) for i in range(4)])

    def test_one_sample_at_a_time(self):
        workers, _, _ = self.stream(CHAIN, 5, 1)
        self.assertEqual(self.most, 1)
        self.assertEqual(workers.log, [f'run part p{i} of sample {sample}' for sample in range(5) for i in range(3)])

    def test_parts_without_inputs_outputs_that_are_inputs_several_takers_here_and_there(self):
        self.stream(Manifest(['x'], ['c', 'x', 'y'], [
            part('p0', 'a', [], ['c']), part('p1', 'b', ['x', 'c'], ['t']), part('p2', 'b', ['t', 'c', 'x'], ['u', 'unused']),
            part('p3', 'a', ['t', 'c'], ['v']), part('p4', 'a', ['t', 'v', 'x', 'x'], ['w']), part('p5', 'b', ['u', 'w', 't'], ['y'])]),
            40, 5, delay=lambda: 2)
        # Without parts there is nothing to wait for.
        self.assertEqual(len(self.stream(Manifest(['x'], ['x'], []), 1000)[2]), 1000)

    def test_optional_inputs_that_a_sample_does_not_have(self):
        manifest = Manifest(['x', 'state'], ['y'], [part('p0', 'a', ['x', 'state'], ['t']), *CHAIN.lanes[0].parts[1:]])
        self.assertEqual(len(self.stream(manifest, 3, given=['x'])[2]), 3)

    def test_an_error_ends_the_stream_and_nothing_more_is_given_to_anybody(self):
        flow = CHAIN.flow()
        workers = FakeWorkers(flow, fail_at=lambda what: 'out of range' if what == 'run part p1 of sample 2' else None)
        region = workers.new_region()
        workers.regions[region] = 1
        conductor = Conductor(workers, flow, 2, lambda index: {'x': ('number', [], 8, region)})
        with self.assertRaisesRegex(RunError, 'out of range'):
            conductor.stream(100)
        self.assertLess(len(workers.log), 15)

    def test_an_error_of_whoever_looks_at_samples_ends_the_stream(self):
        def differs(sample):
            raise RunError('differs')

        for manifest in (CHAIN, Manifest(['x'], ['x'], [])):
            flow = manifest.flow()
            workers = FakeWorkers(flow)
            region = workers.new_region()
            workers.regions[region] = 1
            with self.assertRaisesRegex(RunError, 'differs'):
                Conductor(workers, flow, 1, lambda index: {'x': ('number', [], 8, region)}, differs).stream(5)

    def test_samples_go_to_the_lanes_in_turn(self):
        copy = Lane(1, tuple(part(f"{one.name}'", 'c', one.inputs, one.outputs) for one in CHAIN.lanes[0].parts))
        workers, _, samples = self.stream(Manifest(['x'], ['y'], CHAIN.lanes[0].parts, 3, [copy]), 13, 4)
        self.assertEqual([sample.lane for sample in samples], [0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0])
        self.assertEqual([what for what in workers.log if what.startswith("run part p0' ")],
                         [f"run part p0' of sample {sample}" for sample in (2, 6, 10)])

    def test_random_graphs_and_lanes_with_random_delays(self):
        random = RandomNumbers(7, 'graphs')

        def pick(most):
            return int(random() * most)

        for round_ in range(200):
            manifest, in_flight = random_manifest(random, pick), 1 + pick(6)
            if round_ % 2:
                base = manifest.lanes[0].parts
                manifest.lanes = [Lane(1 + pick(4), base), *(
                    Lane(1 + pick(4), tuple(part(f'lane{lane}.{one.name}', f'd{pick(4)}', one.inputs, one.outputs) for one in base))
                    for lane in range(1 + pick(3)))]
            delays = RandomNumbers(round_, 'delays')
            workers, _, samples = self.stream(manifest, 20, in_flight, delay=lambda: int(delays() * 8))
            self.assertEqual(len(samples), 20)
            self.assertLessEqual(self.most, in_flight)
            self.assertLessEqual(workers.most_given, 2)
            self.assertEqual(workers.held, {})


class StateStreams(unittest.TestCase):
    PARTS = [part('p0', 'a', ['x', 's'], ['t', 'sn']), part('p1', 'a', ['s', 't'], ['v']), part('p2', 'b', ['v', 'r'], ['y', 'rn']),
             part('p3', 'b', ['q', 'y'], ['z']), part('p4', 'a', ['z'], ['qn'])]
    STATE = (StatePair('sn', 's'), StatePair('rn', 'r'), StatePair('qn', 'q'))

    def steps(self, count, times=1):
        flow = make_dataflow(['x', 's', 'r', 'q'], ['y', 'sn', 'rn', 'qn'], [Lane(1, tuple(self.PARTS))])
        workers = FakeWorkers(flow)
        given, state, known = {}, dict.fromkeys('srq', 0), {}
        for name in ('x', 's', 'r', 'q'):
            region = given[name] = workers.new_region()
            workers.regions[region] = value_of(0, name)
        first = 0

        def on_sample(sample):
            nonlocal state
            if sample.index == first:
                state = {name: value_of(0, name) for name in 'srq'}
            values = {'x': value_of(0, 'x'), **state}
            for one in self.PARTS:
                values.update((name, compute(one.name, name, [values[taken] for taken in one.inputs])) for name in one.outputs)
            known[sample.index] = {name: values[name] for name in ('y', 'sn', 'rn', 'qn')}
            self.assertEqual(workers.regions[sample.values['y'][3]], values['y'], f'step {sample.index}')
            for name in ('sn', 'rn', 'qn'):
                region = sample.values[name][3]
                if region is not None:
                    self.assertEqual(workers.regions[region], values[name])
            state = {'s': values['sn'], 'r': values['rn'], 'q': values['qn']}

        homes = state_homes(flow, self.STATE)
        self.assertEqual([(home.pair.output, home.home, home.uses, home.sent_to, home.stays) for home in homes],
                         [('sn', 'a', 2, (), True), ('rn', 'b', 1, (), True), ('qn', 'a', 0, ('b',), False)])
        conductor = Conductor(workers, flow, 4, lambda index: {name: ('number', [], 8, region) for name, region in given.items()},
                              on_sample, homes)
        samples = []
        for _ in range(times):
            first = len(known)
            conductor.show_state_at(first + count - 1)
            samples += conductor.stream(count)
            conductor.begin_again()
        return samples

    def test_each_step_takes_what_the_one_before_left(self):
        samples = self.steps(20)
        for sample in samples[:-1]:
            self.assertEqual([sample.values[name][3] is None for name in ('sn', 'rn', 'qn', 'y')], [True, True, False, False])
        self.assertNotIn(None, [samples[-1].values[name][3] for name in ('sn', 'rn', 'qn')])

    def test_a_sequence_can_begin_again(self):
        self.steps(5, times=3)


def random_manifest(random, pick):
    """A random graph: each part takes some of what is there, on a random device."""
    inputs = [f'x{i}' for i in range(1 + pick(3))]
    tensors, parts, devices = list(inputs), [], 1 + pick(4)
    for i in range(1 + pick(12)):
        taken = dict.fromkeys(tensors[pick(len(tensors))] for _ in range(pick(4)))
        made = [f't{i}.{j}' for j in range(1 + pick(3))]
        parts.append(part(f'p{i}', f'd{pick(devices)}', taken, made))
        tensors += made
    return Manifest(inputs, [name for i, name in enumerate(tensors) if i == len(tensors) - 1 or random() < 0.3], parts)


if __name__ == '__main__':
    unittest.main()
