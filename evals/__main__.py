"""``python -m evals``: arguments go in; runs on disk, tables on stderr and one line a run on stdout come out.

Exit codes: 0 done, 1 a gate failed, 2 an error the user can mend, 130 interrupted (the run can be resumed).
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import platformdirs
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from evals import gate as gates
from evals import show
from evals.agreement import FOLDER as PAIRS
from evals.agreement import load_pairs
from evals.cases import Suite
from evals.compare import compare as compare_runs
from evals.contradictions import rates
from evals.contradictions import score as score_pairs
from evals.contradictions import table as contradiction_table
from evals.judge import judge_run
from evals.junit import write_junit
from evals.report import write_report
from evals.rows import Row, Run
from evals.runner import Plan, execute
from evals.suites import SUITES, Places, bench_folder, load_suite
from evals.systems import FREE, SYSTEMS, Setup
from qa.errors import QAError
from qa.settings import load_settings

__all__ = ["app", "main"]

app = typer.Typer(
    name="qa-eval",
    help="Score answers against written questions.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
console = Console(stderr=True)
_COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())

Data = Annotated[Path | None, typer.Option(help="Folder of the public sets; or set QA_BENCH.")]
Document = Annotated[
    list[str] | None, typer.Option(help="File, folder or URL that the questions are about; repeatable.")
]
Limit = Annotated[int | None, typer.Option(min=1, help="So many questions, a fixed choice.")]
Home = Annotated[Path | None, typer.Option(help="Where indexed suites are kept; default: the user's cache.")]
Out = Annotated[Path | None, typer.Option(help="Folder for the runs; default: eval-runs/<time>.")]
Model = Annotated[str | None, typer.Option(help="Chat model, as QA_CHAT__MODEL.")]


def main() -> None:
    """Run the command line; leaves through ``SystemExit``.

    Raises:
        SystemExit: always, with the exit code.
    """
    try:
        app()
    except QAError as error:
        console.print(f"error: {error.message}", markup=False, highlight=False)
        if error.hint:
            console.print(f"hint: {error.hint}", markup=False, highlight=False)
        sys.exit(2)


@app.command()
def run(  # noqa: PLR0913 - one argument an option
    suite: Annotated[str, typer.Option(help="A suite's name (see `list`) or a file.")] = "sample",
    system: Annotated[str, typer.Option(help=f"One of {', '.join(SYSTEMS)}.")] = "qa",
    limit: Limit = None,
    model: Model = None,
    data: Data = None,
    document: Document = None,
    out: Out = None,
    home: Home = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
    retrieval_only: Annotated[
        bool, typer.Option("--retrieval-only", help="Score what is found; the chat model is not called.")
    ] = False,
    baselines: Annotated[
        bool, typer.Option(help="Also always-answer, oracle, closed-book and tutorial: four more runs.")
    ] = True,
    rerun: Annotated[int, typer.Option(min=0, help="Ask so many questions twice and compare.")] = 0,
    junit: Annotated[Path | None, typer.Option(help="Also write the run as JUnit XML.")] = None,
    min_right: Annotated[float, typer.Option(help="Exit 1 below this share of answerable right.")] = 0.0,
    min_refused: Annotated[
        float, typer.Option(help="Exit 1 below this share of unanswerable refused.")
    ] = 0.0,
) -> None:
    """Ask every question of a suite and score the answers.

    Raises:
        Exit: with 1 where a floor is not reached.
    """
    if resume and not out:
        raise QAError("--resume goes on with a run that is there.", "Name its folder with --out.")
    floors = {"right": min_right, "refused": min_refused}
    if retrieval_only and any(floors.values()):
        raise QAError(
            "With --retrieval-only nothing is answered.", "Leave out --min-right and --min-refused."
        )
    chosen = load_suite(suite, Places(data, tuple(document or ())), limit)
    folder = out or Path("eval-runs") / datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    runs = []
    with _resumable(folder), _setup(home, model) as (setup, tell):
        for name in _systems(system, retrieval_only, baselines):
            plan = Plan(folder / f"{chosen.name}.{name}", resume, retrieval_only, rerun, _command())
            runs.append(execute(chosen, name, setup, plan, tell))
    show.summary(console, runs[0])
    if len(runs) > 1:
        show.comparison_of_systems(console, runs)
    for done in runs:
        show.failures(console, done.rows)
        _say(f"{done.suite}, {done.system}: {_counts(done)} -> {folder / f'{done.suite}.{done.system}'}")
    if junit:
        write_junit(runs, junit)
    low = _under(runs[0], floors)
    if low:
        _say("\n".join(low))
        raise typer.Exit(1)


@app.command()
def compare(before: Path, after: Path) -> None:
    """Compare two runs on the questions both were asked: differences with intervals, and every flip."""
    old, new = Run.load(before), Run.load(after)
    show.comparison(Console(), old, new, compare_runs(old, new))


@app.command()
def report(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs, or folders that hold such.")],
    out: Annotated[Path | None, typer.Option(help="The page; default: report.html beside the runs.")] = None,
) -> None:
    """Show runs on one HTML page that opens offline."""
    _say(str(write_report(runs, out or runs[0] / "report.html")))


@app.command()
def judge(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    model: Annotated[str, typer.Option(help="The judge; its key is QA_CHAT__API_KEY or OPENAI_API_KEY.")],
    base_url: Annotated[str, typer.Option(help="Its OpenAI-compatible endpoint.")] = "",
    data: Data = None,
    min_support: Annotated[float, typer.Option(help="Exit 1 below this share of supported claims.")] = 0.0,
) -> None:
    """Let a model check each claim of the answers, and show how far it agrees with people.

    Raises:
        QAError: the judge does not agree with people enough to gate on.
        Exit: with 1 where the floor is not reached.
    """
    given = Run.load(run)
    chosen = load_settings(chat={"model": model, **({"base_url": base_url} if base_url else {})}).chat
    bench = bench_folder(Places(data))
    pairs = load_pairs(bench) if bench and (data or (bench / PAIRS).is_dir()) else ()
    with Progress(*_COLUMNS, console=console, transient=True) as bar:
        task = bar.add_task("Judging", total=None)
        tell = partial(_show_work, bar, task, "Judging")
        judgement = judge_run(given, chosen, _cache() / "judge", tell, pairs)
    show.judgement(console, judgement)
    if min_support:
        if judgement.refusal:
            raise QAError(f"This judge may not gate: {judgement.refusal}.", "Leave out --min-support.")
        found = judgement.estimates.get("claims supported")
        if found is None or found.value < min_support:
            _say(f"claims supported is {found.value if found else 0:.3f}, under {min_support:.3f}")
            raise typer.Exit(1)


@app.command()
def contradictions() -> None:
    """Score the check of answers against sources on pairs of a claim and its source, half of them altered."""
    _say(contradiction_table(rates(score_pairs())))


@app.command()
def gate(  # noqa: PLR0913 - one argument an option
    update: Annotated[bool, typer.Option("--update", help="Accept the answers of now as baseline.")] = False,
    baseline: Annotated[Path, typer.Option(help="The baseline.")] = gates.BASELINE,
    data: Data = None,
    document: Document = None,
    out: Out = None,
    home: Home = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the runs in --out.")] = False,
    junit: Annotated[Path | None, typer.Option(help="Also write the runs as JUnit XML.")] = None,
) -> None:
    """Answer the gate's questions with the embedded default; exit 1 where they got worse.

    Raises:
        Exit: with 1 where the gate fails.
    """
    earlier = gates.read_baseline(baseline) if baseline.is_file() or not update else None
    accepted = None if update else earlier
    folder = out or Path("eval-runs") / datetime.now().astimezone().strftime("gate-%Y%m%d-%H%M%S")
    with _resumable(folder), _setup(home, None) as (setup, tell):
        runs = [
            execute(suite, "qa", setup, Plan(folder / f"{suite.name}.qa", resume, command=_command()), tell)
            for suite in _gated(Places(data, tuple(document or ())))
            if accepted is None or suite.name in accepted["suites"]
        ]
    for done in runs:
        show.summary(console, done)
    if junit:
        write_junit(runs, junit)
    if accepted is None:
        text = json.dumps(gates.baseline_of(runs, earlier), ensure_ascii=False, indent=1) + "\n"
        baseline.write_text(text, encoding="utf-8")
        _say(f"gate: {baseline} holds what {sum(len(run.rows) for run in runs)} questions got")
        return
    reasons = gates.check(accepted, runs)
    _say("\n".join(f"gate: {reason}" for reason in reasons) or "gate: passed")
    if reasons:
        raise typer.Exit(1)


@app.command("list")
def list_suites() -> None:
    """Name the suites and the systems."""
    for title, names in (("suites", SUITES), ("systems", SYSTEMS)):
        _say(f"{title}:")
        for name, words in names.items():
            _say(f"  {name:14} {words}")


@contextmanager
def _resumable(folder: Path) -> Iterator[None]:
    """Say after Ctrl-C how to go on; exit code 130."""
    try:
        yield
    except KeyboardInterrupt as error:
        console.print(f"Interrupted; to go on: the same command with --resume --out {folder}")
        raise typer.Exit(130) from error


@contextmanager
def _setup(home: Path | None, model: str | None) -> Iterator[tuple[Setup, Callable[[Row, int, int], None]]]:
    """How systems are opened, and what shows a row, while a progress bar stands below."""
    overrides: dict[str, Any] = {"chat": {"model": model}} if model else {}
    kept = home or _cache()
    with Progress(*_COLUMNS, console=console, transient=True) as bar:
        task = bar.add_task("Starting", total=None)

        def long_work(label: str, done: int, total: int) -> None:
            _show_work(bar, task, label, done, total)

        def tell(row: Row, number: int, total: int) -> None:
            bar.update(task, description=row.suite, completed=number, total=total)
            if row.verdict != "unscored" and row.system not in FREE:
                console.print(show.row_line(row, number, total), markup=False, highlight=False)

        yield Setup(load_settings(**overrides), kept, long_work), tell


def _cache() -> Path:
    return Path(platformdirs.user_cache_dir("article-qa", appauthor=False)) / "evals"


def _show_work(bar: Progress, task: TaskID, label: str, done: int, total: int) -> None:
    bar.update(task, description=label, completed=done, total=total)


def _systems(system: str, retrieval_only: bool, baselines: bool) -> list[str]:
    """The system asked for; beside the product the free baselines always, the others unless refused."""
    if system != "qa":
        return [system]
    if retrieval_only:
        return ["qa", "bm25"]
    return list(SYSTEMS) if baselines else ["qa", *FREE]


def _gated(places: Places) -> list[Suite]:
    """The gate's suites; one whose article is not on this machine is left out, and said so."""
    suites = []
    for name, limit in gates.SELECTION.items():
        try:
            suites.append(load_suite(name, places, limit))
        except QAError as error:
            if name in gates.OURS:
                raise
            console.print(f"gate: {name} is left out: {error.message}", markup=False, highlight=False)
    return suites


def _under(done: Run, floors: Mapping[str, float]) -> list[str]:
    """What is under its floor; so is what the suite has no question of."""
    found = {name: done.summary[name].value if name in done.summary else 0.0 for name in floors}
    return [
        f"{name} is {found[name]:.3f}, under {floor:.3f}"
        for name, floor in floors.items()
        if found[name] < floor
    ]


def _counts(done: Run) -> str:
    verdicts = [row.verdict for row in done.rows]
    return ", ".join(f"{verdicts.count(name)} {name}" for name in dict.fromkeys(sorted(verdicts)))


def _command() -> str:
    return shlex.join(["python", "-m", "evals", *sys.argv[1:]])


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    main()
