"""What the tests of programs share: where things are, a folder of their own, and starting a program."""

import atexit
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALLOT = str(pathlib.Path(os.environ.get('ALLOT') or ROOT / 'build/allot').resolve())
sys.path.insert(0, str(ROOT / 'python'))


def scratch_folder(name):
    """A new folder under the system's one for temporaries, removed when the tests end."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f'allot-test-{name}-'))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def environment(**more):
    """That of a program of this checkout."""
    return {**os.environ, 'ALLOT': ALLOT, 'PYTHONPATH': str(ROOT / 'python'), 'PYTHONDONTWRITEBYTECODE': '1', **more}


def start(name, *arguments, cwd, **env):
    """Starts `allot NAME`: a Popen whose outputs are pipes of text."""
    return subprocess.Popen([sys.executable, '-m', f'allot.commands.{name}', *map(str, arguments)], cwd=cwd, text=True,
                            env=environment(**env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def run(name, *arguments, cwd, timeout=600, **env):
    """Runs `allot NAME` to its end: (status, stdout, stderr)."""
    child = start(name, *arguments, cwd=cwd, **env)
    try:
        out, err = child.communicate(timeout=timeout)
    finally:
        child.kill()
    return child.returncode, out, err
