"""ONNX's own checker and shape inference, of the newest release, on every ONNX file that is written."""
import onnx
import onnx.checker
import onnx.shape_inference
from place import main, row


def fault(path):
    """What ONNX says against the file; empty if nothing."""
    try:
        onnx.checker.check_model(str(path), full_check=True)
        inferred = path.with_suffix('.inferred')
        onnx.shape_inference.infer_shapes_path(str(path), str(inferred), check_type=True, strict_mode=True, data_prop=True)
        inferred.unlink()
        return ''
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        return str(error).strip().splitlines()[0]


def rows(place):
    plans = 0
    refused = {model.stem: why for model in place.models if (why := fault(model))}
    for model in place.models:
        if model.stem in refused:
            continue
        for target in ['cpu-2gpu', 'soc-npu', place.scattered('cuda')]:
            for objective in ['latency', 'throughput']:
                for version in ['keep', '11']:
                    folder = place.plan(model, target, f'--objective={objective}', f'--emit-ir-version={version}',
                                        '--emit=parts,manifest,annotated',
                                        folder=place.scratch / f'{model.stem}-{plans}')
                    plans += 1
                    for path in sorted(folder.rglob('*.onnx')):
                        if why := fault(path):
                            raise AssertionError(f'{model.name} for {target}, {objective}: {path.name}: {why}')
    return [row('ONNX', onnx.__version__,
                f'`check_model` in full and strict shape inference on every file of {plans} plans of {len(place.models) - len(refused)} models',
                'it takes all' + (f"; of {', '.join(refused)} it refuses the model itself" if refused else ''))]


if __name__ == '__main__':
    main(rows)
