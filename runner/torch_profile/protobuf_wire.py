"""Protobuf's wire format, read from mapped bytes: contents are sliced, never copied, until someone asks for them."""
import struct
from typing import Iterator, List, NamedTuple, Tuple, Union

from .errors import UserError

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5


class Damaged(UserError):
    """Bytes that are no protobuf message."""


class Span(NamedTuple):
    """A range of the file's bytes."""
    data: memoryview
    start: int
    end: int

    def bytes(self) -> bytes:
        return bytes(self.data[self.start:self.end])

    def text(self) -> str:
        try:
            return self.bytes().decode('utf-8')
        except UnicodeDecodeError:
            raise Damaged(f'byte {self.start}: a text that is not UTF-8') from None

    def __len__(self) -> int:
        return self.end - self.start


class Field(NamedTuple):
    """A field: its number and what it holds, an integer or a range of bytes (also of fixed width)."""
    number: int
    wire: int
    value: Union[int, Span]

    def span(self) -> Span:
        if not isinstance(self.value, Span):
            raise Damaged(f'field {self.number} is a number, not a message or text')
        return self.value

    def text(self) -> str:
        return self.span().text()

    def integer(self) -> int:
        """A varint as int64."""
        if not isinstance(self.value, int):
            raise Damaged(f'field {self.number} is not an integer')
        return signed(self.value)


def signed(value: int) -> int:
    """The int64 that a varint stands for."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def _varint(data: memoryview, position: int, end: int) -> Tuple[int, int]:
    value, first = 0, position
    while True:
        if position >= end:
            raise Damaged(f'byte {first}: a number is cut off')
        if position - first >= 10:
            raise Damaged(f'byte {first}: a number of more than 10 bytes')
        byte = data[position]
        value |= (byte & 0x7f) << (7 * (position - first))
        position += 1
        if byte < 0x80:
            return value, position


def fields(span: Span) -> Iterator[Field]:
    """The fields of a message in their order. Raises Damaged."""
    data, position, end = span
    while position < end:
        first = position
        tag, position = _varint(data, position, end)
        number, wire = tag >> 3, tag & 7
        if not 1 <= number < 1 << 29:
            raise Damaged(f'byte {first}: a field of the number {number}')
        if wire == _VARINT:
            value, position = _varint(data, position, end)
            yield Field(number, wire, value)
            continue
        if wire == _LENGTH:
            length, position = _varint(data, position, end)
        elif wire in (_FIXED32, _FIXED64):
            length = 4 if wire == _FIXED32 else 8
        else:
            raise Damaged(f'byte {first}: a field of the unknown kind {wire}')
        if position + length > end:
            raise Damaged(f'byte {first}: field {number} is longer than what it lies in')
        yield Field(number, wire, Span(data, position, position + length))
        position += length


def integers(field: Field) -> List[int]:
    """The numbers of a repeated integer field, of which this is one entry or all of them packed."""
    if isinstance(field.value, int):
        return [signed(field.value)]
    data, position, end = field.value
    values = []
    while position < end:
        value, position = _varint(data, position, end)
        values.append(signed(value))
    return values


def reals(field: Field, double: bool = False) -> List[float]:
    """The numbers of a repeated float or double field, single or packed."""
    content = field.span().bytes()
    width = 8 if double else 4
    if len(content) % width:
        raise Damaged(f'byte {field.span().start}: {len(content)} bytes are no whole number of floats')
    return list(struct.unpack(f'<{len(content) // width}{"d" if double else "f"}', content))
