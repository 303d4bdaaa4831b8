"""The loop of measuring and planning: profile, place, run, correct the costs where the prediction was off, place again. At the
end the best split stands beside all that one would do without splitting."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from typing import Callable, List, Optional, Sequence, Tuple, Union

from ..errors import AllotError, RunError
from ..profiling.costs_table import print_costs, read_costs
from ..profiling.target_devices import Device, likeness
from ..running.manifest import Manifest, read_manifest
from ..running.plan_run import PlanRun, run_plan
from ..running.run_options import LATENCY, PIPELINE, RunOptions
from ..support.allot_program import run_allot
from ..support.files import write_whole
from ..support.json_files import read_json
from ..support.statistics import median, value_range
from .calibration import calibrate
from .plan_kinds import COPIES, COPIES_PIPELINE, SPLIT, count_parts, kind_of, plan_key, with_together
from .tuned_folder import costs_in

_EQUAL = 0.03
"""A plan within this share of the best measured one is as good: noise decides among them, so the better predicted one wins."""
_FEWEST_SAMPLES, _MOST_SAMPLES = 10, 1000
_TURNS = 3

RoundName = Union[int, str]


@dataclass(frozen=True)
class TuningRequest:
    """One tuning of a model. target: a name or a file; devices: those of its JSON that are here. costs_file: as profiled. folder:
    for what is written on the way. replicas: whether placements may take turns in what is chosen. place_arguments: further
    arguments of allot. run: how to run, but for mode, samples and device. seconds: of each measurement. say: is told what goes
    on."""

    model: str
    objective: str
    target: str
    devices: Sequence[Device]
    costs_file: str
    folder: str
    rounds: int
    agree: float
    seconds: float
    replicas: bool
    place_arguments: Sequence[str]
    run: RunOptions
    say: Callable[[str], None]


@dataclass(frozen=True)
class _Plan:
    round: RoundName
    more: Tuple[str, ...]  # arguments of allot
    folder: str
    costs: str
    manifest: Manifest


@dataclass(frozen=True)
class Round:
    """A plan that was measured. Times are microseconds per inference; seen: an earlier round had the same plan."""

    plan: _Plan
    predicted: float
    measured: float
    seen: bool

    @property
    def name(self) -> RoundName:
        """A number, or COPIES."""
        return self.plan.round

    @property
    def error(self) -> float:
        """(predicted - measured) / measured."""
        return (self.predicted - self.measured) / self.measured

    @property
    def parts(self) -> int:
        """How many it has."""
        return count_parts(self.plan.manifest)

    @property
    def kind(self) -> str:
        """Of plan_kinds."""
        return kind_of(self.plan.manifest)


@dataclass(frozen=True)
class Single:
    """The whole model on one device, microseconds."""

    device: str
    measured: float


@dataclass(frozen=True)
class Competitor:
    """What may be kept, or is there to compare with if it is not `eligible`. whole: a device that runs the model alone; guess:
    what it may take, microseconds; measured, noise: the median of the turns, and their range over it."""

    kind: str
    name: str
    manifest: Manifest
    whole: Optional[str]
    guess: float
    round: Optional[Round]
    eligible: bool
    measured: float = 0.0
    noise: float = 0.0


@dataclass(frozen=True)
class Choice:
    """Who competed, and who won."""

    competitors: List[Competitor]
    chosen: Competitor


def _called(name: RoundName) -> str:
    return f'round {name}' if isinstance(name, int) else name


class Tuning:
    """Does what a request asks for, step by step, and keeps what came of it in `rounds` and `singles`."""

    def __init__(self, request: TuningRequest) -> None:
        """Raises InvalidInput for damaged costs."""
        self.request = request
        self.rounds: List[Round] = []
        self.singles: List[Single] = []
        self._rows = read_costs(request.costs_file)
        self._mode = PIPELINE if request.objective == 'throughput' else LATENCY

    def _arguments(self, costs: str, folder: str, more: Sequence[str]) -> List[str]:
        asked = self.request
        return [asked.model, f'--target={asked.target}', f'--objective={asked.objective}', f'--costs={costs}', '-o', folder,
                *asked.place_arguments, *more]

    def _measure(self, manifest: Manifest, whole: Optional[str], guess_us: float) -> PlanRun:
        # Enough samples for so many seconds, by a first guess of how long one takes.
        samples = max(_FEWEST_SAMPLES, min(_MOST_SAMPLES, round(self.request.seconds * 1e6 / max(guess_us, 0.001))))
        return run_plan(manifest, dataclasses.replace(self.request.run, mode=self._mode, whole=whole, samples=samples))

    def _place(self, name: RoundName, more: Sequence[str] = ()) -> _Plan:
        folder = os.path.join(self.request.folder, f'round-{name}')
        # What is odd about the model or the costs is said once, and of the file that was given.
        is_first = name == 1
        costs = self.request.costs_file if is_first else os.path.join(self.request.folder, f'costs-{name}.csv')
        if not is_first:
            write_whole(costs, print_costs([], self._rows))
        run_allot([*self._arguments(costs, folder, more), f'--quiet={"false" if is_first else "true"}'])
        return _Plan(name, tuple(more), folder, costs, read_manifest(os.path.join(folder, 'manifest.json')))

    def _measure_round(self, plan: _Plan) -> PlanRun:
        """Runs a plan and keeps what came of it."""
        say, manifest, called = self.request.say, plan.manifest, _called(plan.round)
        say(f'{called}: running {count_parts(manifest)} parts')
        run = self._measure(manifest, None, manifest.predicted_us or 0.0)
        measured, predicted = run.report['measured_us'], run.report['predicted_us']
        if measured is None or predicted is None:
            raise RunError(f'{manifest.file}: there is nothing to measure: no part runs')
        seen = any(plan_key(other.plan.manifest) == plan_key(manifest) for other in self.rounds)
        self.rounds.append(Round(plan, predicted, measured, seen))
        say(f'{called}: predicted {predicted / 1000:.2f} ms, measured {measured / 1000:.2f} ms\n')
        return run

    def improve(self) -> None:
        """Places and measures until prediction and measurement agree on a plan, or for the rounds allowed. Raises AllotError."""
        for number in range(1, self.request.rounds + 1):
            self.request.say(f'round {number}: placing')
            plan = self._place(number)
            run = self._measure_round(plan)
            last = self.rounds[-1]
            if abs(last.error) <= self.request.agree and (last.seen or number > 1):
                break
            self._rows = calibrate(self._rows, read_json(os.path.join(plan.folder, 'plan.json')), run, self.request.devices)

    def try_copies(self) -> None:
        """Measures copies of the model, if two devices or more can hold it and no round had them. Raises AllotError."""
        if self._mode != PIPELINE:
            return
        try:
            plan = self._place(COPIES, [f'--pass-pipeline={COPIES_PIPELINE}'])
        except AllotError as error:
            # No device can, or rules keep the model from being whole.
            if 'can run and hold the whole model' in str(error):
                return
            raise
        key = plan_key(plan.manifest)
        if len(plan.manifest.lanes) > 1 and all(plan_key(round.plan.manifest) != key for round in self.rounds):
            self._measure_round(plan)

    def measure_singles(self) -> None:
        """Measures the unsplit model on one device of each kind. Raises AllotError."""
        first = self.rounds[0]
        seen = set()
        for device in self.request.devices:
            like = likeness(device)
            if like in seen:
                continue
            seen.add(like)
            self.request.say(f'the whole model on {device["name"]}')
            run = self._measure(first.plan.manifest, device['name'], first.measured)
            self.singles.append(Single(device['name'], run.report['measured_us']))

    def _best_round(self, kind: str) -> Optional[Round]:
        """Of the rounds that are a plan of this kind, the one to own."""
        rounds = [round for round in self.rounds if round.kind == kind]
        if not rounds:
            return None
        fastest = min(round.measured for round in rounds)
        return min((round for round in rounds if round.measured <= fastest * (1 + _EQUAL)), key=lambda round: abs(round.error))

    def competitors(self) -> List[Competitor]:
        """The whole model on the best single device, in one session on all CPUs, copies of it, and the best split."""
        manifest = self.rounds[0].plan.manifest
        single = min(self.singles, key=lambda one: one.measured)
        result = [Competitor('single', f'one worker, {single.device}', manifest, single.device, single.measured, None, True)]
        together = with_together(manifest)
        if together is not None:
            wider, device = together
            result.append(Competitor('together', f'one session on {device}', wider, device, single.measured, None, False))
        copies, split = self._best_round(COPIES), self._best_round(SPLIT)
        if copies is not None:
            count = len(copies.plan.manifest.lanes)
            result.append(Competitor(COPIES, f'{"two" if count == 2 else count} whole copies', copies.plan.manifest, None, copies.measured,
                                     copies, self.request.replicas))
        if split is not None:
            lanes = len(split.plan.manifest.lanes)
            name = f'split, {split.parts} parts{f" in {lanes} lanes" if lanes > 1 else ""}'
            result.append(Competitor(SPLIT, name, split.plan.manifest, None, split.measured, split, True))
        return result

    def choose(self) -> Choice:
        """Measures the competitors three times, turn by turn so that a change of the machine's speed meets all, and takes the
        fastest that may be chosen. Raises AllotError."""
        competitors = self.competitors()
        times: List[List[float]] = [[] for _ in competitors]
        for turn in range(1, _TURNS + 1):
            for own, one in zip(times, competitors):
                self.request.say(f'{one.name}, turn {turn} of {_TURNS}')
                own.append(self._measure(one.manifest, one.whole, one.guess).report['measured_us'])
        measured = [dataclasses.replace(one, measured=median(own) or 0.0, noise=value_range(own)) for one, own in zip(competitors, times)]
        return Choice(measured, min((one for one in measured if one.eligible), key=lambda one: one.measured))

    def write(self, choice: Choice, folder: str) -> Manifest:
        """Writes the chosen plan, or the model on its best single device, into `folder`, with the costs that it was made with.
        For a model that stays whole those are the profile's, which is of the whole model. Raises AllotError."""
        chosen = choice.chosen
        plan = (chosen.round or self.rounds[0]).plan
        more: Sequence[str] = plan.more if chosen.round else ('--pin', f'.*={chosen.whole}')
        # Planned from the copy, so that plan.json names costs which stay.
        with costs_in(folder, plan.costs) as kept:
            run_allot([*self._arguments(kept, folder, more), '--quiet'])
        return read_manifest(os.path.join(folder, 'manifest.json'))
