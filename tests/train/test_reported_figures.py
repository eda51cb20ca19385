"""The five reports' figures and settings, held against what each report says."""

import re
from pathlib import Path

import numpy as np
import pytest

from edgedigits.core.datasets import SPLITS
from edgedigits.core.keras.backend import keras
from edgedigits.train import BASELINES, BaselineRequest
from edgedigits.train.baselines.reported import HEAD, no_figure
from edgedigits.train.networks.catalogue import NETWORKS
from edgedigits.train.networks.reported import build, take_over_scale
from edgedigits.train.recipes import AUGMENTATIONS
from edgedigits.train.search.presets import PRESETS, plan_of

DOCS = Path(__file__).parents[2] / "docs"

FIGURES = [
    ("NF264", "knn", "97.14"),
    ("NF264", "decision-tree", "87.26"),
    ("NF264", "nf264-cnn1", "98.757"),
    ("NF264", "nf264-cnn2", "98.986"),
    ("NF264", "nf264-cnn2", "99.093 to 99.271"),
    ("NF264", "nf264-cnn2", "99.89"),
    ("VIT", "random-forest", "95.71"),
    ("VIT", "svm", "97.41"),
    ("VIT", "vit-cnn", "98"),
    ("VIT", "vit-cnn-small", "99"),
    ("INF283", "inf283-forest", "89.58"),
    ("INF283", "inf283-forest", "88.0"),
    ("INF283", "inf283-nn", "95.28"),
    ("INF283", "inf283-cnn", "98.71"),
    ("INF283", "inf283-cnn-best", "98.8"),
    ("INF283", "inf283-cnn-best", "98.86"),
    ("Endsley Park", "endsley-park-cnn", "98.36"),
    ("Endsley Park", "endsley-park-cnn-strong", "44.99"),
    ("Endsley Park", "endsley-park-cnn-weak", "98.74"),
]
"""(report, system, top-1 accuracy in percent): every figure that the reports give, and no other."""

WITHOUT_A_FIGURE = {"xgboost": "INF283", "logistic-regression": "FakeBank", "fakebank-cnn": "FakeBank"}
OURS = {"decision-tree-chosen": "decision-tree", "inf283-forest-digits": "inf283-forest", "svm-chosen": "svm"}

TRAINED = {  # optimizer, rate, momentum, epochs, batch, scale of the inputs; None: the report does not say
    "nf264-cnn1": ("sgd", 0.01, 0.9, 15, 64, 1),
    "nf264-cnn2": ("sgd", 0.01, 0.9, 15, 64, 1),
    "vit-cnn": ("adam", 0.001, 0, 10, 86, 1),
    "vit-cnn-small": ("adam", 0.001, 0, 10, 86, 1),
    "inf283-cnn": ("adam", 0.001, 0, None, None, None),
    "inf283-cnn-best": ("adam", 0.001, 0, 6, 50, None),
    "fakebank-cnn": ("adam", None, 0, None, None, None),
    "fakebank-resnet50": (None, None, None, None, None, None),
    "endsley-park-cnn": ("adadelta", 1.0, 0, 10, 128, 255),
}

SHARES = {  # training with validation where the report has one, test; percent
    "knn": (80, 10, 10),
    "decision-tree": (80, 10, 10),
    "nf264-cnn1": (80, 10, 10),
    "nf264-cnn2": (80, 10, 10),
    "random-forest": (63, 7, 30),
    "svm": (63, 7, 30),
    "vit-cnn": (72, 8, 20),
    "vit-cnn-small": (72, 8, 20),
    "endsley-park-cnn": (72, 8, 20),
    "endsley-park-cnn-strong": (72, 8, 20),
    "endsley-park-cnn-weak": (72, 8, 20),
    "inf283-forest": (56, 24, 20),
    "inf283-nn": (56, 24, 20),
    "inf283-cnn": (56, 24, 20),
    "inf283-cnn-best": (56, 24, 20),
}

LAYERS = {  # as the reports list them, between the digit and the ten scores
    "nf264-cnn1": [("conv", 32, 3, "valid"), ("pool", 2), ("dense", 100)],
    "nf264-cnn2": [
        *(("conv", 32, 3, "valid"), ("pool", 2), ("conv", 64, 3, "valid"), ("conv", 64, 3, "valid"), ("pool", 2)),
        ("dense", 100),
    ],
    "vit-cnn-small": [
        *(("conv", 32, 5, "same"), ("pool", 2), ("conv", 32, 5, "same"), ("pool", 2), ("dropout", 0.3)),
        *(("conv", 64, 3, "same"), ("pool", 2), ("conv", 64, 3, "same"), ("pool", 2), ("dropout", 0.3)),
        *(("dense", 256), ("dropout", 0.5)),
    ],
    "vit-cnn": [
        *(("conv", 32, 5, "same"), ("conv", 32, 5, "same"), ("pool", 2), ("dropout", 0.3)),
        *(("conv", 64, 3, "same"), ("conv", 64, 3, "same"), ("pool", 2), ("dropout", 0.3)),
        *(("dense", 256), ("dropout", 0.5)),
    ],
    "inf283-cnn": [("conv", 32, 5, "valid"), ("pool", 2), ("dropout", 0.5), ("dense", 128)],
    "inf283-cnn-best": [("conv", 32, 5, "valid"), ("pool", 3), ("dropout", 0.4), ("dense", 128)],
    "fakebank-cnn": [("conv", 16, 3, "same"), ("pool", 2), ("conv", 32, 3, "same"), ("pool", 2), ("dense", 128)],
    "endsley-park-cnn": [
        *(("conv", 32, 3, "valid"), ("conv", 64, 3, "valid"), ("pool", 2), ("dropout", 0.25)),
        *(("dense", 128), ("dropout", 0.5)),
    ],
}


def test_every_figure_stands_under_its_own_report_and_system_and_no_other_does():
    found = [(entry.report, entry.name, figure.percent) for entry in BASELINES.values() for figure in entry.reported]
    assert sorted(found) == sorted(FIGURES)
    for entry in BASELINES.values():
        for figure in entry.reported:
            assert figure.how.startswith(f"{entry.report}, "), "the words beside a figure name the same report"


def test_what_has_no_figure_says_whose_it_is():
    without = {name: entry for name, entry in BASELINES.items() if not entry.reported}
    assert {name: entry.beside for name, entry in without.items() if entry.beside} == OURS
    assert {name: entry.report for name, entry in without.items() if not entry.beside} == WITHOUT_A_FIGURE
    for name, entry in without.items():
        assert "gives no figure" in no_figure(entry) or OURS[name] in no_figure(entry)


def test_nothing_is_said_to_be_unknown_that_a_report_tells():
    written = [DOCS / "benchmark.md", DOCS / "benchmark" / "reported.md"]
    texts = [repr(BASELINES), repr(NETWORKS), *(path.read_text() for path in written)]
    assert not any(re.search(r"not known here|our reading", text) for text in texts)


def test_the_tables_of_the_pages_hold_the_same_figures():
    """The generated table has every figure of its system; the page's short one has no other."""
    every = {name: [percent for _, one, percent in FIGURES if one == name] for name in BASELINES}
    lines = (DOCS / "benchmark" / "reported.md").read_text().splitlines()
    assert lines[0] == "| " + " | ".join(HEAD) + " |"
    for line in lines[2:]:
        name, reported = (cell.strip() for cell in line.split("|")[1:3])
        percents = re.findall(r"(?:^|; )([\d.]+(?: to [\d.]+)?) \(", reported)
        assert percents == every[name.strip("`")], name
    for line in (DOCS / "benchmark.md").read_text().splitlines():
        if (found := re.match(r"\| `([a-z0-9-]+)` \| ([\d., a-z;-]+) \|", line)) and found[1] in BASELINES:
            numbers = set(re.findall(r"\d+\.\d+|\b\d\d\b", found[2]))
            if "folds" not in line and numbers and "," not in found[2]:
                assert numbers <= set(re.findall(r"[\d.]+", " ".join(every[found[1]]))), line


@pytest.mark.parametrize("name", TRAINED)
def test_a_network_is_trained_as_its_report_says(name):
    recipe = NETWORKS[name].recipe
    ours = (recipe.optimizer, recipe.rate, recipe.momentum, recipe.epochs, recipe.batch_size, recipe.input_scale)
    for own, theirs in zip(ours, TRAINED[name], strict=True):
        assert theirs is None or own == theirs


@pytest.mark.parametrize("name", LAYERS)
def test_a_network_has_the_layers_of_its_report(name):
    found = []
    for layer in build(name).layers:
        if isinstance(layer, keras.layers.Conv2D):
            found.append(("conv", layer.filters, layer.kernel_size[0], layer.padding))
            assert layer.activation.__name__ == "relu"
        elif isinstance(layer, keras.layers.MaxPooling2D):
            found.append(("pool", layer.pool_size[0]))
        elif isinstance(layer, keras.layers.Dropout):
            found.append(("dropout", layer.rate))
        elif isinstance(layer, keras.layers.Dense):
            found.append(("dense", layer.units))
    assert found == [*LAYERS[name], ("dense", 10)]


def test_the_weights_of_nf264_begin_as_its_report_says():
    for name in ("nf264-cnn1", "nf264-cnn2"):
        begun = {type(layer.kernel_initializer).__name__ for layer in build(name).layers[:-1] if layer.weights}
        assert begun == {"HeUniform"}


@pytest.mark.parametrize("name", SHARES)
def test_digits_are_divided_in_the_shares_of_the_report(name):
    rule = SPLITS[BASELINES[name].split]
    assert tuple(round(100 * share) for share in (rule.train, rule.validation, rule.test)) == SHARES[name]


def test_augmentations_are_those_of_the_reports():
    def of(name):
        entry = BASELINES[name]
        found = AUGMENTATIONS[entry.augmentation or NETWORKS[entry.network].recipe.augmentation]
        return (found.rotation, found.zoom, found.shift, found.shear, found.elastic, found.fill)

    assert of("vit-cnn") == (10, 0.3, 0.3, 0, 0, "nearest")
    assert of("endsley-park-cnn-strong") == (20, 0.7, 0.2, 0, 0, "nearest")
    assert of("endsley-park-cnn-weak") == (5, 0.1, 0.1, 0, 0, "nearest")
    for name in ("vit-cnn-small", "endsley-park-cnn", "inf283-cnn", "nf264-cnn1", "nf264-cnn2", "fakebank-cnn"):
        assert not AUGMENTATIONS[NETWORKS[name].recipe.augmentation].moves


def test_classical_systems_are_set_as_their_reports_say():
    one_hot = {name for name, entry in BASELINES.items() if entry.one_hot}
    assert one_hot == {"knn", "decision-tree", "inf283-forest"}
    assert {name for name, entry in BASELINES.items() if entry.grey} == {"random-forest", "svm"}
    assert BASELINES["knn"].sweep == {"n_neighbors": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 30)}
    assert BASELINES["knn"].theirs == {"n_neighbors": 1}
    assert BASELINES["decision-tree"].fixed == {"criterion": "gini", "max_depth": None}
    assert BASELINES["random-forest"].fixed == {"n_estimators": 200, "max_samples": 0.5}
    assert BASELINES["inf283-forest"].fixed == BASELINES["inf283-forest-digits"].fixed == {}
    svm = BASELINES["svm"].fixed
    assert (svm["kernel"], svm["C"], svm["gamma"], svm["decision_function_shape"]) == ("rbf", 1.0, "scale", "ovo")
    for name in ("decision-tree", "random-forest", "inf283-forest", "svm"):
        assert not BASELINES[name].sweep, "its report fixes the settings"


def test_folds_are_trained_as_the_report_trains_them():
    assert BASELINES["nf264-cnn2"].folds == {"epochs": 20, "batch_size": 32}
    assert BaselineRequest("nf264-cnn2").training().epochs is None


def test_the_grid_of_inf283_is_its_reports():
    preset = PRESETS["inf283"]
    assert {one.name: one.values for one in preset.parameters} == {
        "batch_size": (50, 100),
        "epochs": (6, 12),
        "rate": (1e-3, 1e-4),
        "dropout": (0.7, 0.5),
    }
    assert preset.grid
    assert len(preset.grid_points()) == preset.trials == 16
    pools = [layer.pool_size for layer in build(preset.network).layers if isinstance(layer, keras.layers.MaxPooling2D)]
    assert pools == [(3, 3)]
    assert plan_of(preset, preset.grid_points()[0]).network == "conv32 5x5, pool 3x3, dropout 0.7, dense 128"


@pytest.mark.parametrize("name", ["endsley-park-cnn", "inf283-nn"])
def test_a_network_that_learned_from_grey_values_reads_digits_between_0_and_1(name):
    """After it has taken the scale over it says to digits between 0 and 1 what it said to grey values."""
    digits = np.random.default_rng(0).random((20, 28, 28, 1), np.float32)
    model = build(name)
    before = np.asarray(model(digits * 255))
    assert np.ptp(before) > 0.01
    take_over_scale(model, 255.0)
    np.testing.assert_allclose(np.asarray(model(digits)), before, atol=1e-4)
