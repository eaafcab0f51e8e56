"""Write every message, field and value of `proto/cadran` into a page: `python proto/document.py PAGE.md`.

The tables stand between two markers in the page; what is around them stays. Texts are the comments of the
sources, so the page can say nothing that the contracts do not.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from google.protobuf import descriptor_pb2 as pb
from grpc_tools import protoc

PROTO_ROOT = Path(__file__).resolve().parent
BEGIN = "<!-- generated from proto/ by `make interfaces`: begin -->"
END = "<!-- generated from proto/ by `make interfaces`: end -->"
_TITLES = {"cadran.e2ap.v1": "E2AP", "cadran.e2sm.v1": "E2SM", "cadran.e3ap.v1": "E3AP"}
# Comments are found by paths, which are made of the numbers of the descriptors' own fields.
_MESSAGES = pb.FileDescriptorProto.MESSAGE_TYPE_FIELD_NUMBER
_ENUMS = pb.FileDescriptorProto.ENUM_TYPE_FIELD_NUMBER
_FIELDS = pb.DescriptorProto.FIELD_FIELD_NUMBER
_NESTED = pb.DescriptorProto.NESTED_TYPE_FIELD_NUMBER
_NESTED_ENUMS = pb.DescriptorProto.ENUM_TYPE_FIELD_NUMBER
_VALUES = pb.EnumDescriptorProto.VALUE_FIELD_NUMBER
_Field = pb.FieldDescriptorProto


@dataclass(frozen=True)
class Comments:
    """The comments of one source, by the path of what they stand at."""

    of_path: dict[tuple[int, ...], str]

    def at(self, *path: int) -> str:
        """The comment at a path in one line; empty where there is none."""
        return self.of_path.get(path, "")


def descriptors() -> list[pb.FileDescriptorProto]:
    """All sources with their comments, by package and name.

    Raises:
        RuntimeError: protoc refused a source; its own message is on standard error.
    """
    sources = sorted(str(path.relative_to(PROTO_ROOT)) for path in PROTO_ROOT.rglob("*.proto"))
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "set"
        arguments = ["protoc", f"-I{PROTO_ROOT}", f"-I{resources.files('grpc_tools') / '_proto'}"]
        arguments += ["--include_source_info", f"--descriptor_set_out={target}"]
        if protoc.main(arguments + sources) != 0:
            raise RuntimeError(f"protoc failed on {PROTO_ROOT}")
        return list(pb.FileDescriptorSet.FromString(target.read_bytes()).file)


def reference() -> str:
    """The tables as Markdown."""
    files = descriptors()
    lines: list[str] = []
    for package, title in _TITLES.items():
        lines += [f"### {title}: `{package}`", ""]
        for file in files:
            if file.package == package:
                lines += _file(file)
    return "\n".join(lines).rstrip() + "\n"


def written_into(page: str) -> str:
    """The page with the tables between its markers. Raises ValueError where it lacks one of them."""
    before, begun, rest = page.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (begun and ended):
        raise ValueError(f"the page lacks the markers {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n\n{reference()}\n{END}{after}"


def _file(file: pb.FileDescriptorProto) -> Iterator[str]:
    comments = _comments(file)
    for index, message in enumerate(file.message_type):
        yield from _message(message, comments, (_MESSAGES, index))
    for index, enum in enumerate(file.enum_type):
        yield from _enum(enum, comments, (_ENUMS, index))


def _comments(file: pb.FileDescriptorProto) -> Comments:
    found = {}
    for place in file.source_code_info.location:
        text = " ".join(f"{place.leading_comments} {place.trailing_comments}".split())
        if text:
            found[tuple(place.path)] = text.replace("|", "\\|")
    return Comments(found)


def _message(
    message: pb.DescriptorProto, comments: Comments, path: tuple[int, ...], outer: str = ""
) -> Iterator[str]:
    name = f"{outer}{message.name}"
    yield from _heading(name, comments.at(*path))
    if message.field:
        yield from ("| field | type | no. | |", "|---|---|---|---|")
        for index, field in enumerate(message.field):
            text = comments.at(*path, _FIELDS, index)
            yield f"| `{field.name}` | {_type(message, field)} | {field.number} | {text} |"
        yield ""
    for index, nested in enumerate(message.nested_type):
        yield from _message(nested, comments, (*path, _NESTED, index), f"{name}.")
    for index, enum in enumerate(message.enum_type):
        yield from _enum(enum, comments, (*path, _NESTED_ENUMS, index))


def _enum(enum: pb.EnumDescriptorProto, comments: Comments, path: tuple[int, ...]) -> Iterator[str]:
    yield from _heading(f"{enum.name} (values)", comments.at(*path))
    yield from ("| value | no. | |", "|---|---|---|")
    for index, value in enumerate(enum.value):
        yield f"| `{value.name}` | {value.number} | {comments.at(*path, _VALUES, index)} |"
    yield ""


def _heading(name: str, text: str) -> Iterator[str]:
    yield f"#### {name}"
    yield ""
    if text:
        yield text
        yield ""


def _type(message: pb.DescriptorProto, field: _Field) -> str:
    name = field.type_name.removeprefix(".") or _Field.Type.Name(field.type).removeprefix("TYPE_").lower()
    name = re.sub(r"^cadran\.(\w+)\.v1\.", r"\1.", name)
    if field.label == _Field.LABEL_REPEATED:
        return f"repeated {name}"
    if field.proto3_optional:
        return f"optional {name}"
    if field.HasField("oneof_index"):
        return f"{name}, one of `{message.oneof_decl[field.oneof_index].name}`"
    return name


def _main(page: Path) -> None:
    page.write_text(written_into(page.read_text()))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python proto/document.py PAGE.md")
    _main(Path(sys.argv[1]))
