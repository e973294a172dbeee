"""The commands, their options and their help. What they do is imported when they run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from likely.cli.errors import one_message

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Choose a distribution; get its loss, a trained model and a predictive distribution.",
    epilog="Examples:\n\n"
    "  likely fit bikes.csv --target rentals\n\n"
    "  likely predict bikes.likely tomorrow.csv --out forecast.csv\n\n"
    "  likely explain normal --link scale=shared\n\n"
    "Exit codes: 0 done, 1 something in the input was wrong (one message says what), 2 the "
    "command was.",
)

Json = Annotated[
    bool, typer.Option("--json", help="One JSON document on stdout; messages go to stderr.")
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet",
        "-q",
        help="Neither progress nor remarks nor a report: only errors, warnings, and what was asked for on stdout.",
    ),
]


@app.callback(invoke_without_command=True)
def likely(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Options of the program itself; the help text is the app's."""
    if version:
        from likely import __version__

        typer.echo(f"likely {__version__}")
        raise typer.Exit


@app.command(
    epilog="Examples:\n\n"
    "  likely fit bikes.csv --target rentals\n\n"
    "  likely fit claims.parquet --target claims --family poisson --exposure years\n\n"
    "  likely fit houses.csv --target price --family 'Gamma(shape=predicted)' --drop id\n\n"
    "  likely fit visits.csv --target died --group patient --out died.likely\n\n"
    "  likely fit soils.csv --target sand,silt,clay\n\n"
    "  likely fit seeds.csv --target sprouted --trials sown\n\n"
    "  likely fit pumps.csv --target days --event failed"
)
@one_message
def fit(
    data: Annotated[
        Path, typer.Argument(help="A CSV or Parquet file.", readable=False, show_default=False)
    ],
    target: Annotated[
        str,
        typer.Option(
            "--target",
            "-t",
            metavar="COL",
            help="The column to predict; several with commas, for vectors and shares.",
            show_default=False,
        ),
    ],
    family: Annotated[
        str,
        typer.Option(
            help="A family's name, or with roles: 'Normal(scale=shared)'. auto looks at the target."
        ),
    ] = "auto",
    predictor: Annotated[str, typer.Option(help="linear, trees, network or constant.")] = "linear",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Folder of the model. A likely model there is replaced; anything else is refused.",
            show_default="DATA's name + .likely",
        ),
    ] = None,
    numeric: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COL",
            help="A column of few whole numbers that is no category. Repeat, or use commas.",
        ),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option(metavar="COL", help="A column to leave out. Repeat, or use commas."),
    ] = None,
    trials: Annotated[
        str | None,
        typer.Option(metavar="COL", help="Column of trials, of which the target is the successes."),
    ] = None,
    event: Annotated[
        str | None,
        typer.Option(
            metavar="COL",
            help="Column of 1 where the target was seen, 0 where it is only a lower bound.",
        ),
    ] = None,
    weight: Annotated[
        str | None,
        typer.Option(
            metavar="COL", help="Column of frequencies: 2 counts the row twice, 0 not at all."
        ),
    ] = None,
    offset: Annotated[
        str | None,
        typer.Option(
            metavar="COL", help="Column added to the raw prediction of the first parameter."
        ),
    ] = None,
    exposure: Annotated[
        str | None,
        typer.Option(
            metavar="COL", help="Column that multiplies the mean (years, area), log link."
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(metavar="COL", help="Hold out whole groups: rows alike in this column."),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(metavar="COL", help="Hold out the last rows in the order of this column."),
    ] = None,
    test_fraction: Annotated[
        float, typer.Option(help="Share of rows held out to judge; 0 for none.", min=0.0, max=0.9)
    ] = 0.2,
    seed: Annotated[int, typer.Option(help="Seed of the shuffle.", min=0)] = 0,
    alpha: Annotated[
        float, typer.Option(help="L2 penalty: ½ alpha Σ β² is added to the loss.", min=0.0)
    ] = 0.0,
    min_rows: Annotated[
        int, typer.Option(help="Levels under this many rows are merged.", min=1)
    ] = 10,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fit a model to a table, judge it on held-out rows, and save it."""
    from likely.cli.fit import run
    from likely.cli.request import Request

    run(
        Request(
            data=data, target=target, family=family, predictor=predictor, out=out,
            trials=trials, event=event, numeric=tuple(numeric or ()), drop=tuple(drop or ()),
            weight=weight, offset=offset, exposure=exposure, group=group, time=time,
            test_fraction=test_fraction, seed=seed, alpha=alpha, min_rows=min_rows,
        ),
        json=json,
        quiet=quiet,
    )  # fmt: skip


@app.command(
    epilog="Examples:\n\n"
    "  likely predict bikes.likely tomorrow.csv --out forecast.csv\n\n"
    "  likely predict bikes.likely tomorrow.parquet --out forecast.parquet --quantiles 10,50,90\n\n"
    "  likely predict bikes.likely tomorrow.csv --keep day --keep hr\n\n"
    "  likely predict seeds.likely trays.csv --trials 50"
)
@one_message
def predict(
    model: Annotated[
        Path, typer.Argument(help="A model folder.", readable=False, show_default=False)
    ],
    data: Annotated[
        Path,
        typer.Argument(help="New rows, in CSV or Parquet.", readable=False, show_default=False),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A .csv or .parquet file.", show_default="CSV on stdout"),
    ] = None,
    quantiles: Annotated[
        str | None,
        typer.Option(help="Percentages between 0 and 100, with commas.", show_default="5,25,75,95"),
    ] = None,
    trials: Annotated[
        str | None,
        typer.Option(
            metavar="COL|N",
            help="Predict the successes, or counts, among so many: a column of DATA or a whole number.",
            show_default="the column of the fit, if there",
        ),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COL",
            help="A column of DATA to copy beside the predictions. Repeat, or use commas.",
        ),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Predict new rows: mode, mean, median and quantiles, or class probabilities."""
    from likely.cli.predict import run

    run(model, data, out, quantiles, tuple(keep or ()), trials, json=json, quiet=quiet)


@app.command(
    epilog="Examples:\n\n"
    "  likely explain bernoulli\n\n"
    "  likely explain normal --link scale=softplus\n\n"
    "  likely explain 'Normal(scale=shared)' --latex"
)
@one_message
def explain(
    family: Annotated[
        str,
        typer.Argument(
            metavar="FAMILY|FILE.py:CLASS",
            help="A family, such as gamma or 'Normal(scale=shared)', or a class in a Python file of yours.",
            show_default=False,
        ),
    ],
    link: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PARAMETER=LINK",
            help="PARAMETER=LINK, or =shared, or =NUMBER to fix it. Repeat for more.",
        ),
    ] = None,
    latex: Annotated[bool, typer.Option("--latex", help="LaTeX instead of text.")] = False,
) -> None:
    """Derive a family's loss step by step, from its formula."""
    from likely.cli.explain import run

    run(family, link or [], latex=latex)


@app.command(epilog="Example:\n\n  likely families --json")
@one_message
def families(json: Json = False) -> None:
    """List the families: what they are for, their parameters and links."""
    from likely.cli.families import run

    run(json=json)


@app.command(
    "check-family",
    epilog="Examples:\n\n  likely check-family gamma\n\n  likely check-family gumbel.py:Gumbel",
)
@one_message
def check_family(
    family: Annotated[
        str,
        typer.Argument(
            metavar="FAMILY|FILE.py:CLASS",
            help="A family that comes along, or a class in a Python file of yours, which is run.",
            show_default=False,
        ),
    ],
    json: Json = False,
) -> None:
    """Check a family's formulas: normalised, right derivatives, digits kept."""
    from likely.cli.check_family import run

    run(family, json=json)
