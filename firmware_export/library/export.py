"""``export_library``: from an int8 model to two C files that need nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from edgedigits.core.cards import code_version
from edgedigits.core.contract.contract import InputContract
from edgedigits.core.contract.finding import NOTHING_TOLD, Told
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of
from edgedigits.core.lines.shapes import LineShape
from edgedigits.core.paths import StrPath
from edgedigits.firmware_export.c_source.library_text import LibraryText
from edgedigits.firmware_export.c_source.names import check_name
from edgedigits.firmware_export.graph.model import Graph
from edgedigits.firmware_export.input_contract import contract_of, line_in_file, line_of
from edgedigits.firmware_export.library.writer import LibraryMetadata, fits_dsp, write_library
from edgedigits.firmware_export.operators.reader import read_graph
from edgedigits.firmware_export.planning.plan import Plan, plan
from edgedigits.firmware_export.proof.verdict import proof_verdict
from edgedigits.firmware_export.recipe import ExportRecipe
from edgedigits.firmware_export.variants import DSP, PLAIN


@dataclass(frozen=True)
class LibraryExport:
    """A model as a C library.

    Attributes:
        text: the two files.
        graph: the network as read.
        plan: how it runs: stages, order, arena.
        weight_bytes: of each stage.
        sha256: of the model, lower-case hexadecimal.
        verdict: of the model's proof, as its card tells it; empty where it tells none.
        contract: what the model is fed and gives; None where it is no digit model.
        line: what a line network takes and gives; None of other models.
        recipe: what made it.
    """

    text: LibraryText
    graph: Graph
    plan: Plan
    weight_bytes: tuple[int, ...]
    sha256: str
    verdict: str
    contract: InputContract | None
    line: LineShape | None
    recipe: ExportRecipe

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
        """Arena by variant of the kernels, input and output included."""
        return self.plan.arena_bytes


def export_library(
    model: StrPath,
    *,
    name: str = "digits",
    allow_failed: bool = False,
    told: Told = NOTHING_TOLD,
    width: int | None = None,
) -> LibraryExport:
    """Turn a full-int8 ``.tflite`` model into one C header and one C source that compute the same bytes.

    The same model, name and version of the toolkit give the same text on every machine.

    Args:
        model: full int8; of any shape that fits the library's operators.
        name: prefix of every symbol: lower-case letters, digits, single underscores.
        allow_failed: export also where the model's card says that its proof failed; the header then says so.
        told: what is known of the input of a digit model, beside its card.
        width: columns of the strips that a line network takes; None for those of the file.

    Raises:
        EdgedigitsError: a name that is no C identifier; a missing, damaged, float or partly quantized model, an
            operator that the library lacks, numbers out of range; a card that does not match or tells of a failed
            proof; a width for a model that reads no lines, or
            ``told`` for one that does.
    """
    model = Path(model)
    check_name(name)
    verdict = proof_verdict(model, allow_failed)
    if width is not None and line_in_file(model) is None:
        raise EdgedigitsError(f"{model} reads no lines, whose width could be chosen", "leave --width out")
    graph = read_graph(model, width)
    sha256 = sha256_of(model)
    chosen = plan(graph)
    if not fits_dsp(chosen.program):  # cores with the DSP extension then run the plain kernels
        chosen = replace(chosen, layouts={**chosen.layouts, DSP.name: chosen.layouts[PLAIN.name]})
    contract, line = contract_of(model, told), line_of(model, graph)
    if line and told != NOTHING_TOLD:
        raise EdgedigitsError(
            f"{model} is a line network, whose input is always a strip", "leave --input-range and --polarity out"
        )
    metadata = LibraryMetadata(name, sha256, code_version(), verdict, contract, line)
    text, weight_bytes = write_library(graph, chosen, metadata)
    return LibraryExport(
        text,
        graph,
        chosen,
        weight_bytes,
        sha256,
        verdict,
        contract,
        line,
        ExportRecipe(name, allow_failed, code_version(), width),
    )
