"""The figures, from made-up tables."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from artifact import tables
from artifact.plots import fig1, fig2, fig3, fig4, fig5, fig6, fig7, style

STAMP = style.Stamp("smoke", "made up")
TEMPERATURES = [0.0625, 0.25, 1.0, 4.0]


def table(examples=(1024,), rates=(0.125,), diverged=False):
    rows = []
    for n in examples:
        for rate in rates:
            for t in TEMPERATURES:
                for metric in tables.METRICS:
                    level = 0.5 if metric.endswith("accuracy") else 1 + np.log(t) ** 2 / 10
                    single = 5.0 * t if metric == "single_cross_entropy" else 0.0
                    lost = diverged and t == 4.0
                    rows.append(
                        {
                            "N": n,
                            "learning_rate": rate,
                            "temperature": t,
                            "batch_size": round(rate * n / (2 * t)),
                            "metric": metric,
                            "mean": np.nan if lost else level + single,
                            "standard_error": np.nan if lost else 0.02,
                            "repeats": 0 if lost else 3,
                            "diverged": 3 if lost else 0,
                        }
                    )
    return pd.DataFrame(rows)


def prior():
    rows = [
        {"damping": d, "norm": w, "mean": -w * (1 - d), "standard_error": 0.1, "repeats": 3}
        for d in (1e-4, 1e-2)
        for w in (0, 8, 16)
    ]
    return pd.DataFrame(rows)


def fig1_tables():
    rng = np.random.default_rng(0)
    iterates, ellipses = [], []
    for sampler in fig1.TITLES:
        path = rng.multivariate_normal([16, 0], [[4, 0.1], [0.1, 0.04]], 200)
        iterates.append(pd.DataFrame(path, columns=["w1", "w2"]).assign(sampler=sampler))
        for kind in ("iterates", "laplace"):
            ellipses += [
                {
                    "sampler": sampler,
                    "kind": kind,
                    "seed": seed,
                    "m1": 16.0,
                    "m2": 0.0,
                    "c11": 4.0,
                    "c12": 0.1,
                    "c22": 0.04,
                }
                for seed in (0, 1)
            ]
    return pd.concat(iterates), pd.DataFrame(ellipses)


FIGURES = {
    "fig1": lambda: fig1.draw(*fig1_tables(), STAMP),
    "fig2": lambda: fig2.draw(table(), STAMP),
    "fig3": lambda: fig3.draw(table(diverged=True), STAMP),
    "fig4": lambda: fig4.draw(prior(), table(), STAMP),
    "fig5": lambda: fig5.draw(table(), STAMP),
    "fig6": lambda: fig6.draw(table((2048, 4096)), STAMP),
    "fig7": lambda: fig7.draw(table((512,), (0.1, 0.2)), table((256, 512)), STAMP),
}


@pytest.fixture(params=FIGURES)
def figure(request):
    return FIGURES[request.param]()


def vertical_lines(axes):
    return [line.get_xdata()[0] for line in axes.lines if len(set(line.get_xdata())) == 1]


def test_both_panels_are_lettered_and_have_axes_with_labels(figure):
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["(a)", "(b)"]
    for axes in figure.axes:
        assert axes.get_xlabel()
        assert axes.get_ylabel()


def test_the_stamp_names_scale_data_and_repeats(figure):
    stamp = figure.get_supxlabel()
    assert "scale: smoke" in stamp
    assert "data: made up" in stamp
    assert "3 repeats per point" in stamp or "first of 2 data sets" in stamp


def test_no_text_overlaps_the_labels_or_leaves_the_figure(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    boxes = []
    for axes in figure.axes:
        low, high = axes.get_xlim()
        ticks = [tick for tick in axes.xaxis.get_major_ticks() if low <= tick.get_loc() <= high]
        texts = [axes.xaxis.label, axes.yaxis.label, axes.title, axes._left_title]
        texts += [tick.label1 for tick in ticks]
        boxes += [t.get_window_extent(renderer) for t in texts if t.get_text()]
    boxes.append(figure._supxlabel.get_window_extent(renderer))
    boxes += [legend.get_window_extent(renderer) for legend in figure.legends]
    for i, box in enumerate(boxes):
        assert box.x0 >= -1
        assert box.y0 >= -1
        assert box.x1 <= figure.bbox.x1 + 1
        assert box.y1 <= figure.bbox.y1 + 1
        for other in boxes[i + 1 :]:
            apart = (
                box.x1 <= other.x0 + 1
                or other.x1 <= box.x0 + 1
                or box.y1 <= other.y0 + 1
                or other.y1 <= box.y0 + 1
            )
            assert apart


@pytest.mark.parametrize("name", FIGURES)
def test_the_same_tables_give_the_same_bytes(name, tmp_path):
    saved = []
    for attempt in ("first", "second"):
        pdf, png = tmp_path / f"{attempt}.pdf", tmp_path / f"{attempt}.png"
        style.save(FIGURES[name](), pdf, png)
        saved.append((pdf.read_bytes(), png.read_bytes()))
    assert saved[0] == saved[1]
    assert b"CreationDate" not in saved[0][0]


def test_the_predicted_optimum_is_at_temperature_one():
    for draw in ("fig2", "fig3", "fig7"):
        assert all(1.0 in vertical_lines(axes) for axes in FIGURES[draw]().axes)


def test_the_predicted_batch_size_is_half_epsilon_n():
    assert all(64 in vertical_lines(axes) for axes in FIGURES["fig5"]().axes)
    a, b = FIGURES["fig6"]().axes
    assert 128 in vertical_lines(a)
    assert 256 in vertical_lines(b)


def test_points_that_diverged_are_crossed_and_named():
    for axes in fig5.draw(table(diverged=True), STAMP).axes:
        assert "some repeats diverged" in axes.get_legend_handles_labels()[1]
        crosses = [line for line in axes.lines if line.get_marker() == "x"]
        assert {x for line in crosses for x in line.get_xdata()} == {16}
    for axes in fig5.draw(table(), STAMP).axes:
        assert "some repeats diverged" not in axes.get_legend_handles_labels()[1]


def test_the_ensembles_least_mean_is_named():
    _, b = FIGURES["fig2"]().axes
    assert "ensemble (least at 1)" in b.get_legend_handles_labels()[1]


def test_an_ellipse_is_three_standard_deviations_from_the_mean():
    row = pd.Series({"m1": 2.0, "m2": -1.0, "c11": 4.0, "c12": 0.5, "c22": 0.3})
    points = fig1.ellipse(row) - np.array([[2.0], [-1.0]])
    covariance = np.array([[4.0, 0.5], [0.5, 0.3]])
    distance = np.sqrt(np.einsum("in,ij,jn->n", points, np.linalg.inv(covariance), points))
    assert distance == pytest.approx(np.full(distance.shape, 3.0))
