"""Running a manifest: load its parts on workers, stream samples, measure, and compare with the whole model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence

from ..errors import InvalidInput, RunError
from .conductor import Conductor, Sample
from .dataflow import Dataflow, make_dataflow
from .decoding import tokens_input
from .input_sets import make_input_sets
from .inputs import Inputs
from .integrity import check_integrity
from .manifest import DeviceHint, Lane, Manifest, part_files
from .measured_run import MeasuredRun
from .part_loading import load_parts, tensor_of
from .run_devices import RunDevice, run_devices
from .run_options import LATENCY, PIPELINE, RunOptions, enough_in_flight, mode_of
from .runtime import CPU, load_runtime
from .shared_inputs import share_inputs
from .state import AUTO, OFF, state_of
from .state_flow import state_homes
from .step_stream import check_tokens, state_report, stream_steps
from .tensors import Tensor, Worst, difference
from .tolerance import default_tolerance, not_the_whole
from .whole_model import Expected, StepsWanted, expected_outputs, whole_lanes
from .workers import Workers, workers_for


@dataclass(frozen=True)
class PlanRun:
    """A run that is over. `report` is plain JSON with times in microseconds, `samples` those that were measured."""

    report: Dict[str, Any]
    samples: List[Sample]
    flow: Dataflow


class _Comparison:
    """Of outputs with the whole model's."""

    def __init__(self, workers: Workers, expected: Expected, tolerance: float, level: str) -> None:
        self._workers, self._expected, self._tolerance, self._level = workers, expected, tolerance, level
        self._worst = Worst()
        self._compared = 0

    def see(self, sample: Sample) -> None:
        self._compare(sample, self._expected.outputs[sample.index % len(self._expected.outputs)], f'sample {sample.index}')

    def see_step(self, step: int, sample: Sample, chosen: List[List[int]]) -> None:
        self._compare(sample, self._expected.outputs[step], f'step {step}')
        check_tokens(step, chosen, self._expected.tokens)

    def _compare(self, sample: Sample, expected: Dict[str, Tensor], at: str) -> None:
        for name, want in expected.items():
            if sample.values[name][3] is None:
                continue  # state that stays where it is; the last step shows it
            why = difference(tensor_of(self._workers, sample.values[name]), want, self._tolerance, self._worst)
            if why is not None:
                raise RunError(not_the_whole(at, name, why, self._tolerance, self._level))
        self._compared += 1

    def report(self) -> Dict[str, Any]:
        return {'compared': self._compared, 'tolerance': self._tolerance, 'worst': self._worst.value}


def outputs_wanted(manifest: Manifest, sets: Sequence[Inputs], devices: Sequence[RunDevice], options: RunOptions,
                   steps: Optional[StepsWanted] = None) -> Expected:
    """What the whole model makes of sets of inputs, on a CPU of this machine. Raises RunError."""
    options.progress('running the whole model for comparison')
    # Sums depend on how many threads share them: as many as the parts have.
    first = next((device.hint for device in devices if device.hint.provider == CPU), None)
    name = next(iter(manifest.devices))
    hint = DeviceHint(name, CPU, 0, 1) if first is None else DeviceHint(name, CPU, 0, first.threads, first.cores)
    return expected_outputs(manifest, sets, options.level, RunDevice(hint), options.stall_timeout_s, steps)


def _steps_wanted(manifest: Manifest, options: RunOptions) -> Optional[StepsWanted]:
    """Raises InvalidInput where there is nothing to feed back, or no way to do so."""
    if options.steps is None:
        if options.state not in (AUTO, OFF):
            raise InvalidInput(f'--state={options.state}: state passes between steps; add --steps=N')
        return None
    if options.mode == PIPELINE:
        raise InvalidInput('--steps: a step waits for the one before, so there is no pipeline of them; leave out --mode')
    pairs = state_of(manifest, options.state)
    if not pairs and options.state == AUTO:
        raise InvalidInput(f'{manifest.file}: planning found no output of the model that is named like one of its inputs, so a step '
                           'leaves nothing to the next one; say what does by --state=OUT=IN,..., or run --samples')
    return StepsWanted(options.steps, pairs, tokens_input(manifest.inputs, manifest.outputs, bool(pairs)))


def run_plan(manifest: Manifest, options: RunOptions) -> PlanRun:
    """Runs a manifest and measures: in a pipeline all lanes in turn and whole cycles of them, for latency the first.

    Raises RunError for parts that cannot be loaded or run, for a dead worker, an interrupt, and outputs that differ from the
    whole model's.
    """
    ort = load_runtime()
    steps = _steps_wanted(manifest, options)
    mode = LATENCY if steps is not None else mode_of(manifest, options)
    lanes: Sequence[Lane] = manifest.lanes if mode == PIPELINE else [Lane(1, manifest.lanes[0].parts)]
    if options.whole is not None:
        lanes = whole_lanes(manifest, options.whole)
    flow = make_dataflow(manifest.inputs, manifest.outputs, lanes)
    used = {part.device for part in flow.parts}
    devices = run_devices(ort, [hint for hint in manifest.devices.values() if hint.name in used], options.on_cpu)
    if options.whole is None:
        check_integrity(manifest, part_files(lanes, manifest.external_data))
    asked = options.samples if steps is None else steps.count
    sets = make_input_sets(manifest, count=min(options.distinct, asked), seed=options.seed, dims=options.dims,
                           default_dim=options.default_dim, spec_file=options.spec_file, folder=options.inputs_folder)
    expected = outputs_wanted(manifest, sets, devices, options, steps) if options.check else None
    stream = _Stream(manifest, options, mode, flow, devices)
    with workers_for([device.worker() for device in devices], options.stall_timeout_s) as workers:
        options.progress(f'loading {len(flow.parts)} parts')
        load_parts(workers, manifest, flow, devices, options.level)
        tolerance = options.tolerance if options.tolerance is not None else default_tolerance(manifest, devices, options.level)
        comparison = None if expected is None else _Comparison(workers, expected, tolerance, options.level)
        measured = stream.samples(workers, sets, comparison) if steps is None else stream.steps(workers, sets, comparison, steps)
    options.progress('')
    report = measured.report(None if comparison is None else comparison.report())
    return PlanRun(report, measured.all[measured.warmup:measured.warmup + measured.count], flow)


@dataclass(frozen=True)
class _Stream:
    """What is streamed through the workers of a plan."""

    manifest: Manifest
    options: RunOptions
    mode: str
    flow: Dataflow
    devices: Sequence[RunDevice]

    def samples(self, workers: Workers, sets: Sequence[Inputs], comparison: Optional[_Comparison]) -> 'MeasuredRun':
        """Independent ones, one at a time or as a pipeline."""
        options, flow, pipeline = self.options, self.flow, self.mode == PIPELINE
        shared = share_inputs(workers, sets)
        in_flight = (options.in_flight or enough_in_flight(flow)) if pipeline else 1
        cycle = len(flow.turns)
        count = math.ceil(options.samples / cycle) * cycle
        said = _Progress(options)

        def on_sample(sample: Sample) -> None:
            said.one_more()
            if comparison is not None:
                comparison.see(sample)

        conductor = Conductor(workers, flow, in_flight, lambda index: shared[index % len(shared)], on_sample)
        warmup = max(options.warmup, in_flight if pipeline else 1)
        # A stream that ends is no longer steady: the samples behind those that count keep the devices busy.
        samples = conductor.stream(warmup + count + (in_flight if pipeline else 0))
        return MeasuredRun(self.manifest, options, self.mode, flow, self.devices, samples, warmup, count, in_flight, {})

    def steps(self, workers: Workers, sets: Sequence[Inputs], comparison: Optional[_Comparison], wanted: StepsWanted) -> 'MeasuredRun':
        """One after the other, with the state of the one before; those of the warm-up are steps of another sequence."""
        homes, said = state_homes(self.flow, wanted.state), _Progress(self.options)

        def see(step: int, sample: Sample, chosen: List[List[int]]) -> None:
            said.one_more()
            if comparison is not None:
                comparison.see_step(step, sample, chosen)

        warmup = max(1, min(self.options.warmup, wanted.count))
        samples, tokens = stream_steps(workers, self.flow, sets, homes, wanted.tokens, wanted.count, warmup, see)
        extra: Dict[str, Any] = {'steps': wanted.count, 'state': state_report(samples, homes)}
        if wanted.tokens is not None:
            extra['tokens'] = tokens
        return MeasuredRun(self.manifest, self.options, self.mode, self.flow, self.devices, samples, 0, wanted.count, 1, extra, warmup)


class _Progress:
    """Says now and then how many samples there have been."""

    def __init__(self, options: RunOptions) -> None:
        self._say, self._done = options.progress, 0

    def one_more(self) -> None:
        self._done += 1
        if self._done % 16 == 0:
            self._say(f'{self._done} samples')
