"""PyTorch reads the split_spec of plans: a decoder is exported, planned for pipelines of several lengths, and cut by
torch.distributed.pipelining; each stage must hold the layers that the plan says, and all of them in turn compute what the
module does. And what the plan keeps for the backward pass is compared with what PyTorch saves.

Arguments: allot, a folder to work in. Prints a line for each plan; exits with status 1 if one does not hold.
"""
import copy
import importlib.util
import itertools
import json
import pathlib
import subprocess
import sys

import torch
from torch import nn
from torch.distributed.pipelining import SplitPoint, pipeline


class Block(nn.Module):
    """A layer of a decoder without a mask."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, tokens, width = x.shape
        heads = self.qkv(self.norm1(x)).view(batch, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        scores = heads[0] @ heads[1].transpose(-1, -2) / (width // self.heads) ** 0.5
        mixed = (torch.softmax(scores, -1) @ heads[2]).transpose(1, 2).reshape(batch, tokens, width)
        x = x + self.out(mixed)
        return x + self.down(nn.functional.gelu(self.up(self.norm2(x))))


class Decoder(nn.Module):
    def __init__(self, layers: int = 8, width: int = 64, heads: int = 4, words: int = 200) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.layers = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, words)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.embedding(tokens)
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x))


def load(folder: pathlib.Path):
    """The module split_spec.py of an output folder."""
    spec = importlib.util.spec_from_file_location('split_spec', folder / 'split_spec.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def holds(decoder: nn.Module, tokens: torch.Tensor, folder: pathlib.Path) -> str:
    """What is wrong with the plan in the folder; nothing: ''."""
    planned = load(folder)
    told = json.loads((folder / 'split_spec.json').read_text())
    if not planned.split_spec or any(point is not SplitPoint.BEGINNING for point in planned.split_spec.values()):
        return 'no points'
    pipe = pipeline(copy.deepcopy(decoder), mb_args=(tokens,), split_spec=planned.split_spec)  # it marks what it is given
    if pipe.num_stages != len(planned.devices):
        return f'{pipe.num_stages} stages, not {len(planned.devices)}'
    bounds = [stage.get('begins_at') for stage in told['stages']]
    with torch.no_grad():
        data = (tokens,)
        for stage in range(pipe.num_stages):
            module = pipe.get_stage_module(stage)
            names = [name for name, _ in module.named_parameters()]
            begins = bounds[stage]
            if begins is not None and not any(name.startswith(f'{begins}.') for name in names):
                return f'stage {stage} does not hold {begins}'
            following = bounds[stage + 1] if stage + 1 < len(bounds) else None
            if following is not None and any(name.startswith(f'{following}.') for name in names):
                return f'stage {stage} holds {following}, which the next one begins with'
            result = module(*data)
            data = result if isinstance(result, tuple) else (result,)
        if not torch.allclose(data[0], decoder(tokens), rtol=1e-5, atol=1e-5):
            return 'the stages compute something else'
    return ''


def saved_bytes(module: nn.Module, tokens: torch.Tensor) -> int:
    """What PyTorch keeps of a forward pass for the backward pass, without parameters; each storage once."""
    parameters = {parameter.untyped_storage().data_ptr() for parameter in module.parameters()}
    saved = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in parameters:
            saved[storage.data_ptr()] = (storage.nbytes(), tensor)  # held, so that no other gets its place
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        module(tokens)
    return sum(size for size, _ in saved.values())


def kept_bytes(allot: str, model: pathlib.Path) -> int:
    """What a plan of one stage says that it keeps."""
    made = subprocess.run([allot, str(model), '--workload=training', '--target=cpu-2gpu', '--max-parts=1', '--json'],
                          capture_output=True, text=True, check=True)
    return json.loads(made.stdout)['training']['stages'][0]['kept_bytes_per_microbatch']


def main() -> int:
    allot, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    decoder = Decoder().eval()
    tokens = torch.randint(0, 200, (2, 16))
    failed = 0
    # Both exporters: they say in unlike ways which module an operator is of.
    for dynamo, stages, whole in itertools.product((False, True), (2, 3, 4, 8), ((), ('--whole-layers',))):
        model = folder / f'decoder{"-dynamo" if dynamo else ""}.onnx'
        if not model.exists():
            torch.onnx.export(decoder, (tokens,), str(model), input_names=['tokens'], dynamo=dynamo, verbose=False)
        out = folder / f'out{"-dynamo" if dynamo else ""}{stages}{"w" if whole else ""}'
        command = [allot, str(model), '--workload=training', '--target=homogeneous-8gpu', f'--max-parts={stages}',
                   '--microbatches=64', *whole, '--forbid=.*=cpu0', '--emit=split-spec', '-o', str(out), '--quiet', '--force']
        made = subprocess.run(command, capture_output=True, text=True)
        wrong = made.stderr.strip() if made.returncode else holds(decoder, tokens, out)
        failed += wrong != ''
        spec = '' if made.returncode else ', '.join(load(out).split_spec)
        print(f'{"dynamo" if dynamo else "script"}, at most {stages} stages{", whole layers" if whole else ""}: {wrong or "holds"}: {spec}')
    saved, kept = saved_bytes(Decoder(), tokens), kept_bytes(allot, folder / 'decoder.onnx')
    print(f'kept for the backward pass: {saved} bytes by PyTorch, {kept} as planned')
    return 1 if failed or abs(kept - saved) > saved / 10 else 0


if __name__ == '__main__':
    sys.exit(main())
