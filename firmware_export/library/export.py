"""``export_library``: from an int8 model to two C files that need nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from edgedigits.core.cards import code_version
from edgedigits.core.contract.contract import InputContract
from edgedigits.core.contract.finding import NOTHING_TOLD, Told
from edgedigits.core.digit import LABELS
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of
from edgedigits.core.lines.shapes import LineShape
from edgedigits.core.paths import StrPath
from edgedigits.core.tflite.file import read_tflite
from edgedigits.firmware_export.c_source.library_text import LibraryText
from edgedigits.firmware_export.c_source.names import check_name
from edgedigits.firmware_export.graph.large_sums import LargeSumsError, why_large
from edgedigits.firmware_export.graph.layers import Layer
from edgedigits.firmware_export.graph.model import Graph
from edgedigits.firmware_export.input_contract import contract_of, line_in_file, line_of, picture_contracts
from edgedigits.firmware_export.labels import check_labels
from edgedigits.firmware_export.library.metadata import LibraryMetadata
from edgedigits.firmware_export.library.network import fits_dsp
from edgedigits.firmware_export.library.writer import write_library
from edgedigits.firmware_export.operators.reader import read_graph
from edgedigits.firmware_export.operators.registry import saved_constants, with_compact_weights
from edgedigits.firmware_export.planning.memories import Memory, check_memories, split
from edgedigits.firmware_export.planning.plan import Plan, plan
from edgedigits.firmware_export.planning.stages import Program
from edgedigits.firmware_export.proof.verdict import proof_verdict
from edgedigits.firmware_export.recipe import AUTO, BLOB, COMPACT, ExportRecipe
from edgedigits.firmware_export.variants import AVR, DSP, PLAIN


@dataclass(frozen=True)
class LibraryExport:
    """A model as a C library.

    Attributes:
        text: the two files.
        graph: the network as read.
        plan: how it runs: stages, order, arena.
        weight_bytes: of each stage.
        encodings: of each stage's weights, in words; empty where they are one byte each.
        saved_bytes: of flash, by weights that are not, and by biases and scales that are short.
        sha256: of the model, lower-case hexadecimal.
        verdict: of the model's proof, as its card tells it; empty where it tells none.
        contract: what the model is fed and gives; None where it is no digit model.
        line: what a line network takes and gives; None of other models.
        labels: what each output stands for: of a digit model the digits, else what the user named; empty where nobody
            did.
        pictures: what the bytes of a picture become at each input of a model that reads no digits; None where nothing
            tells; empty of other models.
        recipe: what made it.
        stage_texts: the constants of each stage, as the C file has them.
        blobs: the weights by the variant of the kernels, where the C holds none.
        constants: C of each stage's arrays and struct, as it stands in the source.
    """

    text: LibraryText
    graph: Graph
    plan: Plan
    weight_bytes: tuple[int, ...]
    encodings: tuple[str, ...]
    saved_bytes: int
    sha256: str
    verdict: str
    contract: InputContract | None
    line: LineShape | None
    labels: tuple[str, ...]
    pictures: tuple[InputContract | None, ...]
    recipe: ExportRecipe
    stage_texts: tuple[str, ...]
    blobs: dict[str, bytes] = field(default_factory=dict)
    constants: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """``digit``, ``line`` or ``tensor``: what the functions around the network are made for."""
        return "line" if self.line else "digit" if self.contract else "tensor"

    @property
    def picture(self) -> InputContract | None:
        """What the bytes of a picture become of a model of one input."""
        return self.pictures[0] if len(self.pictures) == 1 else None

    @property
    def header(self) -> str:
        """Text of ``<name>.h``."""
        return self.text.header

    @property
    def source(self) -> str:
        """Text of ``<name>.c``."""
        return self.text.source

    @property
    def arena_bytes(self) -> dict[str, int]:
        """Arena by variant of the kernels, input and output included; of a blob without AVR, which cannot have one."""
        sizes = self.plan.arena_bytes
        return {variant: size for variant, size in sizes.items() if not (self.blobs and variant == AVR.name)}


def export_library(
    model: StrPath,
    *,
    name: str = "digits",
    allow_failed: bool = False,
    told: Told = NOTHING_TOLD,
    width: int | None = None,
    labels: tuple[str, ...] = (),
    weights: str = AUTO,
    memories: tuple[Memory, ...] = (),
) -> LibraryExport:
    """Turn a full-int8 ``.tflite`` model into one C header and one C source that compute the same bytes.

    The same model, name and version of the toolkit give the same text on every machine.

    Args:
        model: full int8; of any shape that fits the library's operators.
        name: prefix of every symbol: lower-case letters, digits, single underscores.
        allow_failed: export also where the model's card says that its proof failed; the header then says so.
        told: what is known of the input of a digit model, beside its card.
        width: columns of the strips that a line network takes; None for those of the file.
        labels: what each output stands for; none for the ten digits of a digit model, and for no names of another one.
        weights: ``compact``: those of layers with 16 different ones or fewer, or with many zeros, lie in flash in fewer
            bytes than one each and are unpacked while the network runs; so do biases and scales; in little memory where
            the network takes little. ``auto``: only where that saves much. ``plain``: never. ``blob``: they lie outside
            of the C, which is the same for every training of a network.
        memories: that the arena is laid out in; none for one part, as large as it has to be.

    Raises:
        EdgedigitsError: a name that is no C identifier; a missing, damaged, float or partly quantized model, an
            operator that the library lacks, numbers out of range; a card that does not match or tells of a failed
            proof; a width for a model that reads no lines, ``told`` or labels for one that does, or ``told`` for one
            whose input is no picture; another number of labels than outputs; memories too small for every variant.
    """
    model = Path(model)
    check_name(name)
    check_memories(memories)
    verdict = proof_verdict(model, allow_failed)
    if width is not None and line_in_file(model) is None:
        raise EdgedigitsError(f"{model} reads no lines, whose width could be chosen", "leave --width out")
    graph = read_graph(model, width)
    sha256 = sha256_of(model)
    line = line_of(model, graph)
    contract = None if line else contract_of(model, told, graph)
    pictures = () if line or contract else picture_contracts(graph, told)
    _check_told(model, graph, line, contract or next(filter(None, pictures), None), told, labels)
    with _large_sums_told(model):
        chosen = _planned(model, graph, weights, memories)
    named = labels or (LABELS if contract else ())
    metadata = LibraryMetadata(name, sha256, code_version(), verdict, contract, line, named, pictures, weights == BLOB)
    with _large_sums_told(model):
        written = write_library(graph, chosen, metadata)
    layers = written.layers
    return LibraryExport(
        written.text,
        graph,
        chosen,
        tuple(layer.weight_bytes for layer in layers),
        tuple(layer.encoding for layer in layers),
        sum(layer.saved_bytes for layer in layers) + _saved_constants(chosen.program),
        sha256,
        verdict,
        contract,
        line,
        named,
        pictures,
        ExportRecipe(name, allow_failed, code_version(), width, weights),
        tuple(layer.text for layer in layers),
        written.blobs,
        tuple(layer.text for layer in layers),
    )


def _saved_constants(program: Program) -> int:
    return saved_constants(program) if program.short_constants else 0


def _planned(model: Path, graph: Graph, weights: str, memories: tuple[Memory, ...]) -> Plan:
    chosen = plan(graph, by_structure=weights == BLOB)
    if weights in {AUTO, COMPACT}:
        chosen = with_compact_weights(chosen, asked=weights == COMPACT)
    if memories:
        chosen = split(chosen, memories)
    fits = fits_dsp(chosen.program)
    if weights == BLOB:
        _check_blob(model, graph, fits)
    return chosen if fits else _with_plain_on_dsp(chosen)  # cores with the DSP extension then run the plain kernels


@contextmanager
def _large_sums_told(model: Path) -> Iterator[None]:
    """Name the file, the operator and the reason of sums that are too large."""
    try:
        yield
    except LargeSumsError as lost:
        content = read_tflite(model)
        layer = Layer(model, lost.place, content.nodes[lost.place], content)
        what, remedy = why_large(layer)
        raise layer.error(what, remedy + lost.otherwise) from lost


def _check_blob(model: Path, graph: Graph, fits: bool) -> None:
    """Raise where the weights of a model cannot lie outside of its C."""
    if len(graph.inputs + graph.outputs) != 2:
        raise EdgedigitsError(
            f"{model} has several inputs or outputs, which no blob is for", "export it with --weights plain"
        )
    if any(value.wide for value in graph.values.values()):
        raise EdgedigitsError(f"{model} has int16 values, which no blob is for", "export it with --weights plain")
    if not fits:
        raise EdgedigitsError(
            f"{model} has a weight of -128, for which the DSP kernels of a blob have no room",
            "convert it with TensorFlow's own converter, or export it with --weights plain",
        )


def _with_plain_on_dsp(chosen: Plan) -> Plan:
    unfit = {variant: missing for variant, missing in chosen.unfit.items() if variant != DSP.name}
    if PLAIN.name in unfit:
        unfit[DSP.name] = unfit[PLAIN.name]
    return replace(chosen, layouts={**chosen.layouts, DSP.name: chosen.layouts[PLAIN.name]}, unfit=unfit)


def _check_told(
    model: Path,
    graph: Graph,
    line: LineShape | None,
    contract: InputContract | None,
    told: Told,
    labels: tuple[str, ...],
) -> None:
    """Raise where the user says something of a model that does not fit it."""
    if line and labels:
        raise EdgedigitsError(f"{model} is a line network, whose outputs are those of digits", "leave --labels out")
    if line and told != NOTHING_TOLD:
        raise EdgedigitsError(
            f"{model} is a line network, whose input is always a strip", "leave --input-range and --polarity out"
        )
    if contract is None and told != NOTHING_TOLD:
        raise EdgedigitsError(
            f"{model} takes no picture of one or three channels, whose range and polarity could be told",
            "leave --input-range and --polarity out",
        )
    if labels and len(graph.outputs) > 1:
        raise EdgedigitsError(f"{model} has {len(graph.outputs)} outputs", "leave --labels out: it names those of one")
    check_labels(labels, graph.output_values[0].count)
