"""Reads protobuf's wire format from a file by ranges: fields are visited one by one and their contents are read only when asked
for, so that gigabytes of weights cost one seek each. Memory: one window of 64 KiB and the longest text."""

from __future__ import annotations

import os
import stat
from typing import Iterator, NamedTuple, Tuple

from ..errors import InvalidInput
from ..support.files import reason

_WINDOW = 64 * 1024
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_MOST_NUMBER = 1 << 29


class Field(NamedTuple):
    """A field of a message: its contents lie at [start, end) of the file, or are the integer `value`."""

    number: int
    wire: int
    start: int
    end: int
    value: int


class ProtobufReader:
    """An open file. Use it in a `with` statement."""

    def __init__(self, path: str) -> None:
        """Raises InvalidInput if the file cannot be read."""
        self._path = path
        self._window = b''
        self._start = 0
        self._file = -1
        try:  # not to wait for a pipe that nobody writes to: it is none that can be read by ranges
            self._file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            raise InvalidInput(f'{path}: there is no such file') from None
        except (OSError, ValueError) as error:
            raise InvalidInput(f'{path}: cannot be read: {reason(error)}') from None
        about = os.fstat(self._file)
        if not stat.S_ISREG(about.st_mode):
            self.close()
            what = 'is a folder' if stat.S_ISDIR(about.st_mode) else 'is no file; from a pipe, write it to a file first'
            raise InvalidInput(f'{path}: cannot be read: {what}')
        self.size: int = about.st_size

    def __enter__(self) -> 'ProtobufReader':
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing can be read any more."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1

    def damaged(self, position: int, what: str) -> InvalidInput:
        """The error of a damaged file."""
        return InvalidInput(f'{self._path}: not a readable ONNX model: byte {position}: {what}')

    def _read(self, position: int, length: int) -> bytes:
        pieces = []
        while length > 0:
            try:
                piece = os.pread(self._file, length, position)
            except OSError as error:
                raise InvalidInput(f'{self._path}: cannot be read: {reason(error)}') from None
            if not piece:
                raise self.damaged(position, 'the file ends here')
            pieces.append(piece)
            position += len(piece)
            length -= len(piece)
        return pieces[0] if len(pieces) == 1 else b''.join(pieces)

    def _varint(self, position: int, end: int) -> Tuple[int, int]:
        """The number at `position`, and where it ends."""
        first, value, shift = position, 0, 0
        while True:
            if position >= end:
                raise self.damaged(first, 'a number is cut off')
            if position - first >= 10:
                raise self.damaged(first, 'a number of more than 10 bytes')
            offset = position - self._start
            if not 0 <= offset < len(self._window):
                self._window = self._read(position, min(_WINDOW, self.size - position))
                self._start, offset = position, 0
            byte = self._window[offset]
            position += 1
            value |= (byte & 0x7f) << shift
            if byte < 0x80:
                return value, position
            shift += 7

    def fields(self, start: int, end: int) -> Iterator[Field]:
        """Visits the fields of the message at [start, end). Raises InvalidInput."""
        position = start
        while position < end:
            first = position
            tag, position = self._varint(position, end)
            number, wire = tag >> 3, tag & 7
            if not 1 <= number < _MOST_NUMBER:
                raise self.damaged(first, f'a field of the number {number}')
            begin, value = position, 0
            if wire == _VARINT:
                value, position = self._varint(position, end)
            elif wire == _LENGTH:
                length, begin = self._varint(position, end)
                position = begin + length
            elif wire == _FIXED64:
                position += 8
            elif wire == _FIXED32:
                position += 4
            else:
                raise self.damaged(first, f'a field of the unknown kind {wire}')
            if position > end:
                raise self.damaged(first, f'field {number} is longer than what it lies in')
            yield Field(number, wire, begin, position, value)

    def text(self, field: Field) -> str:
        """The contents of a field as text."""
        if field.wire != _LENGTH:
            raise self.damaged(field.start, f'field {field.number} is not a text')
        offset, length = field.start - self._start, field.end - field.start
        if 0 <= offset and offset + length <= len(self._window):
            return self._window[offset:offset + length].decode(errors='replace')
        return self._read(field.start, length).decode(errors='replace') if length else ''

    def message(self, field: Field) -> Iterator[Field]:
        """Visits the fields of a field that is itself a message."""
        if field.wire != _LENGTH:
            raise self.damaged(field.start, f'field {field.number} is not a message')
        return self.fields(field.start, field.end)
