"""What all figures share, from made-up tables."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from tests.artifact.drawing import made_up
from tests.artifact.drawing.made_up import STAMP, draw, points, prior
from tests.artifact.drawing.made_up import sweep as table

from artifact import catalogue
from artifact.drawing import curves, style
from artifact.figures.fig2_3_4 import draw_fig2 as fig2

PAPERS = ["fig1", "fig2", "fig3", "fig4", "fig5", "fig6", "fig7", "figS1c"]
FIGURES: dict[str, Callable[[], Figure]] = {
    **{name: partial(draw, name) for name in PAPERS},
    # The longest legends: crosses and carets, long numbers, as many curves as at paper scale.
    "fig2 crowded": lambda: draw("fig2", table=table(diverged=True, high=500.0)),
    "fig5 crowded": lambda: draw("fig5", table=table(diverged=True)),
    "fig6 crowded": lambda: draw("fig6", table=table((4096, 16384), diverged=True)),
    "fig7 crowded": lambda: draw(
        "fig7",
        panel_a=table((8192,), (0.0125, 0.05, 0.1, 0.2), diverged=True),
        panel_b=table((1024, 2048, 4096, 8192, 16384), diverged=True),
    ),
}


@pytest.fixture(params=FIGURES)
def figure(request: pytest.FixtureRequest) -> Figure:
    return FIGURES[request.param]()


def vertical_lines(axes: Axes) -> list[float]:
    lines = [points(line) for line in axes.lines]
    return [
        line[0][0] for line in lines if [y for _, y in line] == [0, 1] and line[0][0] == line[1][0]
    ]


def labels(axes: Axes) -> list[str]:
    return axes.get_legend_handles_labels()[1]


def marked(axes: Axes, marker: Any) -> list[tuple[float, float]]:
    lines = [line for line in axes.lines if line.get_marker() == marker]
    return [point for line in lines for point in points(line)]


def test_both_panels_are_lettered_and_have_axes_with_labels(figure: Figure) -> None:
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["(a)", "(b)"]
    for axes in figure.axes:
        assert axes.get_xlabel()
        assert axes.get_ylabel()


def test_accuracies_are_in_per_cent_and_cross_entropies_in_nats_per_example() -> None:
    for name in ("fig2", "fig3", "fig5"):
        a, b = FIGURES[name]().axes
        assert a.get_ylabel() == "test accuracy (%)"
        assert b.get_ylabel() == "test cross entropy (nats per example)"
    for axes in (FIGURES["fig4"]().axes[1], *FIGURES["fig6"]().axes, *FIGURES["fig7"]().axes):
        assert axes.get_ylabel() == "test cross entropy (nats per example)"
    assert "(nats)" in FIGURES["fig4"]().axes[0].get_ylabel()


def test_the_stamp_names_scale_data_and_repeats(figure: Figure) -> None:
    stamp = figure.get_supxlabel()
    assert "scale: smoke" in stamp
    assert "data: made up" in stamp
    assert "3 repeats per point" in stamp or "first of 2 data sets" in stamp


def test_a_stamp_with_repeats_says_those() -> None:
    stamp = draw("fig2", style.Stamp("quick", "made up", "as often as it took"))
    assert stamp.get_supxlabel().endswith("as often as it took")


def test_repeats_are_counted_over_all_tables_the_diverged_ones_too() -> None:
    one = table().assign(repeats=1)
    assert style.repeats(one) == "1 repeat per point"
    assert style.repeats(one, table()) == "1 to 3 repeats per point, bars: ± 1 standard error"
    assert style.repeats(table(diverged=True)).startswith("3 repeats")
    assert "1 to 3 repeats" in draw("fig7", panel_a=table(), panel_b=one).get_supxlabel()
    assert "1 to 3 repeats" in draw("fig4", prior=prior().assign(repeats=1)).get_supxlabel()


def test_no_text_is_below_seven_points(figure: Figure) -> None:
    sizes = [float(text.get_fontsize()) for text in figure.findobj(Text) if text.get_text()]
    assert min(sizes) >= 7


def test_no_legend_covers_a_panel(figure: Figure) -> None:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    for legend in figure.findobj(Legend):
        box = legend.get_window_extent(canvas.get_renderer())
        assert not any(box.overlaps(axes.bbox) for axes in figure.axes)


def test_no_text_overlaps_the_labels_or_leaves_the_figure(figure: Any) -> None:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    boxes = []
    for axes in figure.axes:
        low, high = axes.get_xlim()
        ticks = [tick for tick in axes.xaxis.get_major_ticks() if low <= tick.get_loc() <= high]
        texts: list[Text] = [axes.xaxis.label, axes.yaxis.label, axes.title, axes._left_title]
        texts += [tick.label1 for tick in ticks]
        low, high = axes.get_ylim()
        ticks = [tick for tick in axes.yaxis.get_major_ticks() if low <= tick.get_loc() <= high]
        texts += [tick.label1 for tick in ticks]
        boxes += [t.get_window_extent(renderer) for t in texts if t.get_text()]
    boxes.append(figure._supxlabel.get_window_extent(renderer))
    boxes += [legend.get_window_extent(renderer) for legend in figure.findobj(Legend)]
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


# Each kind of panel: points and ellipses, curves, curves with crosses, points in a plane.
@pytest.mark.parametrize("name", ["fig1", "fig4", "fig7 crowded", "figS1c"])
def test_the_same_tables_give_the_same_bytes(name: str, tmp_path: Path) -> None:
    saved = []
    for attempt in ("first", "second"):
        paths = [tmp_path / f"{attempt}.{suffix}" for suffix in ("pdf", "png", "svg")]
        style.save(FIGURES[name](), *paths)
        saved.append([path.read_bytes() for path in paths])
    assert saved[0] == saved[1]
    assert b"CreationDate" not in saved[0][0]
    assert b"Software" not in saved[0][1]
    assert b"dc:date" not in saved[0][2]


def test_fonts_are_embedded_as_outlines_that_editors_can_use(tmp_path: Path) -> None:
    style.save(FIGURES["fig2"](), *(tmp_path / f"a.{suffix}" for suffix in ("pdf", "png", "svg")))
    pdf = (tmp_path / "a.pdf").read_bytes()
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf


@pytest.mark.parametrize("failing", ["pdf", "png", "svg"])
def test_a_save_that_fails_leaves_no_half_written_file(
    failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figure, whole = FIGURES["fig2"](), FIGURES["fig2"]().savefig

    def savefig(path: Path, format: str, **options: Any) -> None:
        whole(path, format=format, **options)
        if format == failing:
            path.write_bytes(path.read_bytes()[:100])
            raise OSError("disk full")

    paths = {suffix: tmp_path / f"a.{suffix}" for suffix in ("pdf", "png", "svg")}
    for path in paths.values():
        path.write_bytes(b"before")
    monkeypatch.setattr(figure, "savefig", savefig)
    with pytest.raises(OSError, match="disk full"):
        style.save(figure, *paths.values())
    assert sorted(tmp_path.iterdir()) == list(paths.values())
    assert paths[failing].read_bytes() == b"before"


def test_a_draw_that_fails_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KeyError):
        fig2.draw(table().drop(columns="diverged"), STAMP)
    assert not list(tmp_path.iterdir())


def test_the_predicted_optimum_is_at_temperature_one() -> None:
    for name in ("fig2", "fig3", "fig7"):
        assert all(vertical_lines(axes) == [1.0] for axes in FIGURES[name]().axes)


def test_fig4b_marks_temperature_one_and_the_papers_two() -> None:
    a, b = FIGURES["fig4"]().axes
    assert not vertical_lines(a)
    assert vertical_lines(b) == [1.0, 2.0]


def test_the_predicted_batch_size_is_half_epsilon_n() -> None:
    assert all(vertical_lines(axes) == [64] for axes in FIGURES["fig5"]().axes)
    a, b = FIGURES["fig6"]().axes
    assert vertical_lines(a) == [128]
    assert vertical_lines(b) == [256]


def test_batch_axes_are_ticked_at_the_sizes_that_were_run() -> None:
    for axes in FIGURES["fig5"]().axes:
        assert [text.get_text() for text in axes.get_xticklabels()] == ["16", "64", "256", "1024"]


def test_points_that_diverged_are_crossed_on_the_edge_and_named() -> None:
    for edge, axes in enumerate(draw("fig5", table=table(diverged=True)).axes):
        assert labels(axes).count("all repeats diverged") == 1
        assert set(marked(axes, "x")) == {
            (16, edge)
        }  # of an accuracy the lower edge is the bad one
    for axes in draw("fig5").axes:
        assert not any("diverged" in label for label in labels(axes))
        assert not marked(axes, "x")
    some = table(diverged=True).assign(mean=lambda rows: rows["mean"].fillna(1.5))
    for axes in draw("fig5", table=some).axes:
        assert labels(axes).count("some repeats diverged") == 1


def test_a_sweep_that_diverged_everywhere_is_all_crosses() -> None:
    lost = table().assign(mean=np.nan, standard_error=np.nan, repeats=0, diverged=3)
    for figure in (
        draw("fig2", table=lost),
        draw("fig5", table=lost),
        draw("fig7", panel_a=lost, panel_b=lost),
    ):
        FigureCanvasAgg(figure).draw()
        assert all(len({x for x, _ in marked(axes, "x")}) == 4 for axes in figure.axes)


@pytest.mark.parametrize("name", ["fig2 crowded", "fig5", "fig6"])
def test_every_mean_is_inside_the_axis_or_has_an_arrow(name: str) -> None:
    for axes in FIGURES[name]().axes:
        low, high = axes.get_ylim()
        drawn = [point for curve in axes.containers for point in points(curve[0])]
        assert all(low <= mean <= high for _, mean in drawn if not np.isnan(mean))
        lost = {x for x, _ in marked(axes, "x")}
        hidden = [x for x, mean in drawn if np.isnan(mean) and x not in lost]
        assert [x for x, _ in marked(axes, curves.UP)] == hidden
        assert ("mean above the axis" in labels(axes)) == bool(hidden)


def test_a_mean_above_the_axis_leaves_neither_line_nor_bar() -> None:
    _, b = draw("fig5", table=table(high=3.0)).axes
    single = b.containers[1]
    above = np.isnan(single[0].get_ydata())
    assert 0 < above.sum() < len(above)
    assert [not len(path.vertices) for path in single[2][0].get_paths()] == above.tolist()


def test_one_repeat_without_a_standard_error_is_drawn_without_bars() -> None:
    axes = draw("fig2", table=table().assign(standard_error=np.nan, repeats=1)).axes[0]
    assert [mean for _, mean in points(axes.containers[0][0])] == pytest.approx(
        [50 + np.log(t) for t in made_up.TEMPERATURES]
    )
    bars = [path.vertices for path in axes.containers[0][2][0].get_paths()]
    assert np.isnan(np.array(bars)[..., 1]).all()


def test_the_ensembles_least_mean_is_ringed_and_named() -> None:
    _, b = FIGURES["fig2"]().axes
    assert "ensemble (least 1.000 at $T=1$)" in labels(b)
    rings = [line for line in b.lines if line.get_markerfacecolor() == "none"]
    assert [points(line) for line in rings] == [[(1.0, 1.0)]]
    assert "ensemble (least 1.000 at $B=64$)" in labels(FIGURES["fig5"]().axes[1])
    for axes in FIGURES["fig7"]().axes:
        assert sum("at $T=1$)" in label for label in labels(axes)) == 2


def test_the_papers_words_name_the_two_curves() -> None:
    for name in ("fig2", "fig5"):
        assert {"ensemble", "single sample"} < set(labels(FIGURES[name]().axes[0]))


def test_curves_of_a_panel_differ_in_colour_and_in_grey() -> None:
    for axes in FIGURES["fig7 crowded"]().axes:
        lines = [container[0] for container in axes.containers]
        for look in (
            [line.get_color() for line in lines],
            [line.get_marker() for line in lines],
            [str(line._unscaled_dash_pattern) for line in lines],
        ):
            assert len(set(look)) == len(lines)


def test_a_least_at_an_edge_or_of_two_repeats_is_not_ringed() -> None:
    for changed in (table()[table()["temperature"] >= 1], table().assign(repeats=2)):
        _, b = draw("fig2", table=changed).axes
        assert not [line for line in b.lines if line.get_markerfacecolor() == "none"]
        assert "ensemble" in labels(b)


def test_dead_networks_are_marked_apart_from_diverged_chains() -> None:
    for axes in draw("fig5", table=table(dead=True)).axes:
        assert labels(axes).count("all ended as dead networks") == 1
        assert set(marked(axes, "+")) == {(16, int(axes.get_ylabel() != curves.ACCURACY))}
        assert not marked(axes, "x")


@pytest.mark.parametrize("name", catalogue.FIGURES)
def test_every_figure_of_the_catalogue_is_drawn_and_stamped(name: str) -> None:
    stamp = draw(name).get_supxlabel()
    assert "scale: smoke" in stamp
    assert "data: made up" in stamp
    assert any(word in stamp for word in ("repeats", "sets", "bars"))
