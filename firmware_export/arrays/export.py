"""C arrays of a model for TensorFlow Lite for Microcontrollers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgedigits.core.cards import code_version
from edgedigits.core.contract.finding import NOTHING_TOLD, Told
from edgedigits.core.paths import StrPath
from edgedigits.firmware_export.arrays.plan import TensorSpec
from edgedigits.firmware_export.arrays.reader import plan_arrays
from edgedigits.firmware_export.arrays.writer import header, source
from edgedigits.firmware_export.c_source.names import check_name
from edgedigits.firmware_export.folder import Placed, write_files
from edgedigits.firmware_export.recipe import ExportRecipe


@dataclass(frozen=True)
class ArrayExport:
    """A model as C.

    Attributes:
        header: text of ``<name>_model.h``.
        source: text of ``<name>_model.c``.
        resolver_calls: methods of ``MicroMutableOpResolver`` to call, such as ``AddConv2D``.
        inputs: shape, type and quantization of each.
        outputs: likewise.
        needs: what else the runtime has to be told, in sentences.
        living_bytes: of the tensors that are alive at the same time, at most; the arena is larger.
        bytes: size of the model.
        sha256: of the model, lower-case hexadecimal.
        verdict: of the model's proof, as its card tells it; empty where it tells none.
        recipe: what made it.
    """

    header: str
    source: str
    resolver_calls: tuple[str, ...]
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    needs: tuple[str, ...]
    living_bytes: int
    bytes: int
    sha256: str
    verdict: str
    recipe: ExportRecipe


def export_arrays(
    model: StrPath, *, name: str = "digits", allow_failed: bool = False, told: Told = NOTHING_TOLD
) -> ArrayExport:
    """Turn a ``.tflite`` model that TensorFlow Lite Micro runs into one C header and one C source.

    The same model and name give the same text on every machine: it holds no time, path or version.

    Args:
        model: of any shapes and types that the runtime has, float and int16 too, with any inputs and outputs.
        name: prefix of every symbol: lower-case letters, digits, single underscores.
        allow_failed: export also where the model's card says that its proof failed; the header then says so.
        told: what is known of the input of a digit model, beside its card.

    Raises:
        EdgedigitsError: a name that is no C identifier or a keyword; a missing, damaged or foreign model; one whose
            card does not match or tells of a failed proof; something that TensorFlow Lite Micro lacks.
    """
    model = Path(model)
    check_name(name)
    plan = plan_arrays(model, name, allow_failed, told)
    return ArrayExport(
        header=header(plan),
        source=source(plan),
        resolver_calls=plan.registrations,
        inputs=plan.inputs,
        outputs=plan.outputs,
        needs=plan.needs,
        living_bytes=plan.living_bytes,
        bytes=len(plan.model),
        sha256=plan.sha256,
        verdict=plan.verdict,
        recipe=ExportRecipe(name, allow_failed, code_version()),
    )


def write_export(export: ArrayExport, folder: StrPath, force: bool = False) -> Placed:
    """Write ``<name>_model.h`` and ``<name>_model.c`` into ``folder``, with a list of them.

    Both are written or none is. A folder of firmware usually holds more than the model, so ``force`` replaces an
    earlier export and leaves everything else where it is.

    Raises:
        EdgedigitsError: the folder has content and ``force`` is not set, or the disk is full or may not be written.
    """
    texts = {
        f"{export.recipe.name}_model.h": export.header,
        f"{export.recipe.name}_model.c": export.source,
    }
    return write_files(Path(folder), texts, force)
