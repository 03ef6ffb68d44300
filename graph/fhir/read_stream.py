"""A JSON document that is too big to hold, to the elements of its `entry` list."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from graph.fhir.read_items import KEPT

_HOPELESS = 100_000
_TOKEN = re.compile(rb'["\[\]{}]')
_STRING_END = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)


@dataclass(slots=True)
class Slice:
    """One element of the list; ``size`` is its full length where only its beginning is kept."""

    index: int
    raw: bytes
    size: int


@dataclass
class Slicer:
    """Walks over pieces of a JSON object and cuts the elements of its top-level list ``entry`` out of it.

    It looks at brackets and strings only; whether an element is good JSON is for its reader to say. Memory is
    one piece and one element of at most ``limit`` bytes.

    >>> slicer = Slicer(limit=100)
    >>> [s.raw for piece in (b'{"id":"[","ent', b'ry":[{"a":"]}', b'"},{}],"x":1}') for s in slicer.feed(piece)]
    [b'{"a":"]}"}', b'{}']
    >>> slicer.complete
    True
    """

    limit: int
    count: int = 0
    _depth: int = 0
    _in_string: bool = False
    _in_entries: bool = False
    _carry: bytes = b""
    _held: bytearray = field(default_factory=bytearray)
    _inside: bool = False
    """True within an element."""
    _size: int = 0
    """Bytes of the element so far."""
    _name: bytearray = field(default_factory=bytearray)
    """The last string at the top level."""
    _started: bool = False

    @property
    def hopeless(self) -> bool:
        """True when the text is nested so deep that it is no document, and reading on only takes time."""
        return self._depth > _HOPELESS

    @property
    def complete(self) -> bool:
        """True when the document was closed."""
        return self._started and self._depth == 0 and not self._in_string

    @property
    def torn(self) -> Slice | None:
        """The element in which the text ended, if it ended in one."""
        return Slice(self.count, bytes(self._held), self._size) if self._inside else None

    def feed(self, piece: bytes) -> Iterator[Slice]:
        """The elements that end in this piece."""
        data, position, start = self._carry + piece, 0, 0
        self._carry = b""
        while position < len(data):
            if self._in_string:
                position = self._string(data, position)
                continue
            token = _TOKEN.search(data, position)
            if not token:
                break
            mark, position = token[0], token.end()
            if mark == b'"':
                self._in_string = True
                self._name.clear()
            elif mark in b"{[":
                self._depth += 1
                self._started = True
                if self.hopeless:
                    return
                if mark == b"{" and self._in_entries and self._depth == 3:
                    start, self._inside = token.start(), True
                elif mark == b"[" and self._depth == 2 and self._name == b"entry":
                    self._in_entries = True
            else:
                self._depth -= 1
                if mark == b"}" and self._in_entries and self._depth == 2:
                    yield self._cut(data[start:position])
                elif self._depth == 1:
                    self._in_entries = False
        if self._inside:
            self._hold(data[start : len(data) - len(self._carry)])

    def _string(self, data: bytes, position: int) -> int:
        found = _STRING_END.match(data, position)
        end = found.end() if found else position
        if self._depth == 1 and len(self._name) < 16:
            self._name += data[position : min(end, position + 16)]
        if end == len(data):
            return end
        if data[end : end + 1] == b'"':
            self._in_string = False
            return end + 1
        self._carry = data[end:]  # a lone backslash at the end of the piece
        return len(data)

    def _hold(self, part: bytes) -> None:
        self._size += len(part)
        self._held += part
        if self._size > self.limit:
            del self._held[KEPT:]

    def _cut(self, last: bytes) -> Slice:
        self._hold(last)
        cut = Slice(self.count, bytes(self._held), self._size)
        self.count += 1
        self._inside, self._size = False, 0
        self._held.clear()
        return cut
