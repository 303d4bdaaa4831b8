"""Builds the Containerfile without a container engine: each instruction as an engine would carry it out, in folders that are roots.
By hand, as root, with a network; it takes as long as an image does.

usage: containerfile.py --base=FOLDER --work=FOLDER [--mount=PATH]... [--cache=FOLDER]... [--pass=VARIABLE]... [-- ARGUMENT...]

--base: a root of Debian 12, such as `debootstrap --variant=minbase bookworm FOLDER` makes; stages start as copies of it. --work: where
they are made. --mount: files or folders of this machine that RUN may read, such as pip's configuration; --cache: folders that it may
write, such as ccache's; --pass: variables of the environment. At the end what the image starts is run with the arguments (default: those of CMD).
"""
import argparse
import fnmatch
import glob
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'


def instructions(text):
    """[(word, rest)] without comments, continued lines joined."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith('#')]
    joined = '\n'.join(lines).replace('\\\n', ' ')
    return [tuple(line.split(None, 1)) for line in joined.splitlines()]


class Stage:
    """A root, and what instructions have set for those that come."""

    def __init__(self, root, arguments):
        self.root, self.arguments = root, arguments
        self.environment, self.folder = {'PATH': PATH, 'HOME': '/root', 'DEBIAN_FRONTEND': 'noninteractive'}, '/'
        self.entry, self.command = [], []

    def run(self, words):
        """Runs words in the root, with /proc and /dev, what is mounted, and only the environment that was set."""
        environment = {**{name: os.environ[name] for name in self.arguments.variables if name in os.environ}, **self.environment}
        steps = ['set -e', f'mount --rbind /proc {self.root}/proc', f'mount --rbind /dev {self.root}/dev']
        for path in ['/etc/resolv.conf', '/etc/hosts', *self.arguments.mount, *self.arguments.cache]:
            there = self.root / path.lstrip('/')
            there.parent.mkdir(parents=True, exist_ok=True)
            if pathlib.Path(path).is_dir():
                there.mkdir(exist_ok=True)
            elif not there.exists():
                there.touch()
            # Installing packages changes what is in a root, and must not change this machine.
            steps.append(f'mount --bind {shlex.quote(path)} {there}')
            if path not in self.arguments.cache:
                steps.append(f'mount -o remount,bind,ro {there}')
        inside = f'cd {self.folder} && exec {shlex.join(words)}'
        steps.append(f'exec chroot {self.root} /bin/sh -c {shlex.quote(inside)}')
        subprocess.run(['unshare', '--mount', 'bash', '-c', '\n'.join(steps)], env=environment, check=True)

    def copy(self, words, stages):
        """COPY of the context, without what .dockerignore names, or of an earlier stage."""
        *sources, target = [word for word in words if not word.startswith('--from=')]
        origin = next((stages[word.removeprefix('--from=')].root for word in words if word.startswith('--from=')), None)
        into = self.root / os.path.join(self.folder, target).lstrip('/')
        into.mkdir(parents=True, exist_ok=True)
        ignored = [] if origin else (ROOT / '.dockerignore').read_text().split()
        for source in sources:
            for found in glob.glob(str((origin or ROOT) / source.lstrip('/'))):
                def skip(folder, names):
                    below = os.path.relpath(folder, ROOT)
                    return [name for name in names if any(
                        name == pattern.removeprefix('**/') if pattern.startswith('**/') else below == '.' and fnmatch.fnmatch(name, pattern)
                        for pattern in ignored)]
                shutil.copytree(found, into, symlinks=True, ignore=skip, dirs_exist_ok=True)


def build(arguments):
    stages, stage, given = {}, None, {}
    for word, rest in instructions((ROOT / 'Containerfile').read_text()):
        print(f'-- {word} {rest}', flush=True)
        if word == 'FROM':
            name = rest.split(' AS ')[1] if ' AS ' in rest else 'image'
            root = arguments.work / name
            shutil.rmtree(root, ignore_errors=True)
            subprocess.run(['cp', '-a', arguments.base, root], check=True)
            stage = stages[name] = Stage(root, arguments)
        elif word == 'ARG':
            key, value = rest.split('=')
            stage.environment[key] = given.get(key, value)
        elif word == 'ENV':
            key, value = rest.split('=', 1)
            stage.environment[key] = value
        elif word == 'WORKDIR':
            stage.folder = rest
            (stage.root / rest.lstrip('/')).mkdir(parents=True, exist_ok=True)
        elif word == 'COPY':
            stage.copy(rest.split(), stages)
        elif word == 'RUN':
            stage.run(['/bin/sh', '-c', rest])
        elif word == 'ENTRYPOINT':
            stage.entry = json.loads(rest)
        elif word == 'CMD':
            stage.command = json.loads(rest)
        else:
            sys.exit(f'error: {word}: this program does not know this instruction')
    return stage


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--base', type=pathlib.Path, required=True)
    parser.add_argument('--work', type=lambda text: pathlib.Path(text).resolve(), required=True)
    parser.add_argument('--mount', action='append', default=[])
    parser.add_argument('--cache', action='append', default=[])
    parser.add_argument('--pass', action='append', default=[], dest='variables')
    parser.add_argument('words', nargs='*')
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    image = build(arguments)
    image.run(image.entry + (arguments.words or image.command))


if __name__ == '__main__':
    main()
