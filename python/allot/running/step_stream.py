"""Steps, each of which takes the state that the one before left."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from ..errors import RunError
from .conductor import Conductor, Sample, Value
from .dataflow import Dataflow
from .decoding import Steps
from .inputs import Inputs
from .part_loading import tensor_of
from .state_flow import StateHome
from .tensors import Tensor, to_bytes
from .workers import Workers


class _Feeder:
    """Writes the inputs of each step where workers can read them: the step before has ended by then."""

    def __init__(self, workers: Workers, steps: Steps) -> None:
        self._workers, self._steps = workers, steps
        self._written: Dict[str, Tuple[Tensor, Value]] = {}
        self.first = 0  # the index of the sample that is the first step
        self._last: Optional[Sample] = None

    def result(self, name: str) -> Tensor:
        """An output of the last step."""
        assert self._last is not None
        return tensor_of(self._workers, self._last.values[name])

    def inputs(self, index: int) -> Dict[str, Value]:
        """Of a sample."""
        values: Dict[str, Value] = {}
        for name, tensor in self._steps.inputs(index - self.first, self.result).items():
            known = self._written.get(name)
            if known is None or known[0] is not tensor:
                region = self._workers.new_region() if known is None else known[1][3]
                assert region is not None
                data = to_bytes(tensor)
                self._workers.memory.write(region, data)
                known = self._written[name] = tensor, (tensor.type, list(tensor.dims), len(data), region)
            values[name] = known[1]
        return values

    def ended(self, sample: Sample) -> None:
        """Takes note of a step."""
        self._last = sample
        self._steps.end(self.result)


def stream_steps(workers: Workers, flow: Dataflow, sets: Sequence[Inputs], state: Sequence[StateHome], tokens: Optional[str],
                 count: int, warmup: int, see: Callable[[int, Sample, List[List[int]]], None]) -> Tuple[List[Sample], List[List[int]]]:
    """Runs `count` steps from the first inputs on, after `warmup` others, and calls see(step, sample, tokens so far) for each.
    The last one leaves its state in shared memory. Returns the samples, and the tokens of each step of a decoder. Raises
    RunError."""
    steps = Steps(sets, tokens)
    feeder = _Feeder(workers, steps)
    watching = False

    def on_sample(sample: Sample) -> None:
        feeder.ended(sample)
        if watching:
            see(sample.index - feeder.first, sample, steps.chosen)

    conductor = Conductor(workers, flow, 1, feeder.inputs, on_sample, state)
    conductor.stream(warmup)
    conductor.begin_again()
    feeder.first, watching = warmup, True
    conductor.show_state_at(warmup + count - 1)
    return conductor.stream(count), steps.chosen


def collect_steps(workers: Workers, flow: Dataflow, sets: Sequence[Inputs], state: Sequence[StateHome], tokens: Optional[str],
                  count: int) -> Tuple[List[Dict[str, Tensor]], List[List[int]]]:
    """What steps give: the outputs of each that are in shared memory, and the tokens."""
    results: List[Dict[str, Tensor]] = []

    def see(step: int, sample: Sample, chosen: Any) -> None:
        results.append({name: tensor_of(workers, sample.values[name]) for name in flow.outputs if sample.values[name][3] is not None})

    return results, stream_steps(workers, flow, sets, state, tokens, count, 0, see)[1]


def state_report(samples: Sequence[Sample], state: Sequence[StateHome]) -> Dict[str, Any]:
    """Where the state is, its bytes at the last step, and how many of them crossed from device to device at each step (mean)."""
    crossed = sum(sample.values[home.pair.output][2] * len(home.sent_to) for sample in samples for home in state)
    return {'pairs': [{'output': home.pair.output, 'input': home.pair.input, 'device': home.home, 'sent_to': list(home.sent_to)}
                      for home in state],
            'bytes': sum(samples[-1].values[home.pair.output][2] for home in state),
            'crossed_bytes': crossed / max(1, len(samples))}


def check_tokens(step: int, got: Sequence[List[int]], want: Sequence[List[int]]) -> None:
    """Raises RunError where a step chose others than the whole model."""
    if step < len(got) and got[step] != want[step]:
        raise RunError(f'step {step}: the tokens {got[step]} instead of {want[step]}, which the whole model chooses')
