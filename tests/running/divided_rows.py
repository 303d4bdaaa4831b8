"""Networks whose rows are divided among devices, and the words that pass between these as they run."""

import json
import subprocess

from placed_models import BUILD, read

BATCH = 8
# Of floats that hold every sum exactly, with copies of neurons; and of maps, with residual additions and a barrier at each end.
NETWORKS = {'matrices': ('radixnet:N=256,layers=4,weights=dyadic', ('--dim', f'batch={BATCH}')),
            'maps': ('sparse-resnet:channels=16,blocks=2,image=8,groups=4,cross=3,batch=open', ('--dim', f'batch={BATCH}'))}


def target(devices, bandwidth='1GB/s', latency_us=20):
    """Equal processors, each with a link to every other."""
    described = [{'name': name, 'kind': 'cpu', 'memory': '2GiB', 'flops': {'default': '20G'}, 'memory_bandwidth': '5GB/s',
                  'runtime': {'provider': 'cpu', 'threads': 1}} for name in devices]
    links = [{'from': one, 'to': other, 'bandwidth': bandwidth, 'latency_us': latency_us}
             for number, one in enumerate(devices) for other in devices[number + 1:]]
    return {'schema': 'allot.target/1', 'name': 'rows', 'devices': described, 'topology': {'links': links}}


def divide(scratch, network, devices, **link):
    """Plans a network of NETWORKS with a part of its rows on each device; the manifest's path."""
    text, sizes = NETWORKS[network]
    model, described, out = scratch / f'{network}.onnx', scratch / f'{network}.target.json', scratch / f'{network}-{len(devices)}'
    subprocess.run([BUILD / 'allot', 'make-model', text, model], check=True, stdout=subprocess.DEVNULL)
    described.write_text(json.dumps(target(devices, **link)))
    subprocess.run([BUILD / 'allot', model, f'--sparse={len(devices)}', f'--target={described}', *sizes, '-o', out, '--quiet'], check=True,
                   capture_output=True)
    return out / 'manifest.json'


def planned_words(manifest, devices):
    """What the division says: words for each sample, by the devices that they go from and to; those that are gathered, too."""
    rows = read(manifest.parent / 'plan.json')['rows']
    words = {}
    for link in rows['links']:
        words[devices[link['from']], devices[link['to']]] = link['words']
    return words, rows['gathered_words']


def moved_words(bytes_of):
    """Words for each sample, by devices, of (tensor, from, to) -> bytes that moved: of rows alone, and what else moved."""
    words, others = {}, 0
    for (tensor, source, destination), size in bytes_of.items():
        count, rest = divmod(size, 4 * BATCH)
        assert rest == 0, (tensor, size)
        if tensor.startswith('rows.p'):
            words[source, destination] = words.get((source, destination), 0) + count
        else:
            others += count
    return words, others
