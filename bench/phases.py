"""The measurements, one function each, run in processes of their own by ``bench/run.py``.

``python -m bench.phases NAME key=value …`` prints one line of JSON. Times are seconds.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Phase = Callable[..., Mapping[str, Any]]
STARTED = time.perf_counter()
FULL_CITY = 13_000_000
"""Residents and registered people of the whole city, a little less than there are."""


def prepare(folder: str, count: int, seed: int) -> Mapping[str, Any]:
    """Builds a synthetic city of ``count`` people or a little more and writes the two files of it."""
    from bench import engines, people
    from zhida.population.city import build

    pack = engines.the_pack()
    city = Path(folder).with_name("city-of-people")
    build(pack, city, count / FULL_CITY, seed)
    made = people.from_city(pack, city, seed)
    people.write(Path(folder), made)
    shutil.rmtree(city)
    return {"people": made.count, "bytes": sum(f.stat().st_size for f in Path(folder).glob("*.arrow"))}


def prepare_few(folder: str, seed: int) -> Mapping[str, Any]:
    """A few invented people, only to be computed once while the clock of the compiler runs."""
    from bench import engines, people

    people.write(Path(folder), people.invent(engines.the_pack(), 200, seed))
    return {}


def compiling(folder: str) -> Mapping[str, Any]:
    """From nothing to the first answer over a few people; what is compiled is kept where ZHIDA_CACHE says."""
    from bench import engines, people

    imported = time.perf_counter()
    pack = engines.the_pack()
    loaded = time.perf_counter()
    kernel = engines.exact_kernel(pack)
    built = time.perf_counter()
    parameters = engines.exact_parameters(kernel)
    ready = time.perf_counter()
    engines.zhida_rows(kernel, people.read(Path(folder)), parameters, 1)
    done = time.perf_counter()
    return {
        "import": imported - STARTED,
        "read_pack": loaded - imported,
        "build": built - loaded,
        "parameters": ready - built,
        "compile_and_first_run": done - ready,
        "total": done - STARTED,
        "stages": len(kernel.source.stages),
        "lines": kernel.source.text.count("\n"),
    }


def rows(folder: str) -> Mapping[str, Any]:
    """Every unit of every benefit in both engines."""
    from bench import engines, openfisca_rules, people

    kernel = engines.exact_kernel(engines.the_pack())
    return {"benefits": engines.compare(kernel, openfisca_rules.rules(), people.read(Path(folder)))}


def zhida(folder: str, out: str, runs: int) -> Mapping[str, Any]:
    """Kernel alone with two threads and with one; from files to results; all warm."""
    from bench import engines, people
    from bench.measure import timed

    where, results = Path(folder), Path(out)
    kernel = engines.exact_kernel(engines.the_pack())
    parameters, table = engines.exact_parameters(kernel), people.table(people.read(where))
    places = people.places(kernel.program.pack)
    kernel.run(table, places, parameters, threads=2)
    start_up = time.perf_counter() - STARTED

    def whole() -> None:
        mapped = people.read(where)
        told = engines.exact_parameters(kernel)
        answers = engines.zhida_answers(engines.zhida_rows(kernel, mapped, told, 2))
        engines.write_results(results, answers)

    return {
        "start_up": start_up,
        "kernel": timed(lambda: kernel.run(table, places, parameters, threads=2), runs),
        "kernel_one_thread": timed(lambda: kernel.run(table, places, parameters, threads=1), runs),
        "end_to_end": timed(whole, runs),
    }


def openfisca(folder: str, out: str, runs: int) -> Mapping[str, Any]:
    """Computing alone, inputs already set; from files to results. A fresh simulation each run."""
    from bench import engines, openfisca_rules, people
    from bench.measure import timed

    where, results = Path(folder), Path(out)
    country, found = openfisca_rules.rules(), people.read(where)
    openfisca_rules.whole(engines.openfisca_simulation(country, found))
    start_up = time.perf_counter() - STARTED

    def ready() -> Any:
        return engines.openfisca_simulation(country, found)

    def whole() -> None:
        simulation = engines.openfisca_simulation(country, people.read(where))
        answers = engines.openfisca_answers(openfisca_rules.answers(simulation))
        engines.write_results(results, answers)

    return {
        "start_up": start_up,
        "computing": timed(openfisca_rules.whole, runs, ready),
        "answers_only": timed(openfisca_rules.answers, runs, ready),
        "end_to_end": timed(whole, runs),
    }


def same_results(left: str, right: str) -> Mapping[str, Any]:
    """The two Parquet files row for row."""
    import pyarrow.parquet as pq

    a, b = pq.read_table(left), pq.read_table(right)
    if a.num_rows != b.num_rows:
        return {"rows": a.num_rows, "differ": abs(a.num_rows - b.num_rows)}
    unlike = [x.to_numpy() != y.to_numpy() for x, y in zip(a.columns, b.columns, strict=True)]
    return {"rows": a.num_rows, "differ": int((unlike[0] | unlike[1] | unlike[2]).sum())}


def unknowns(folder: str, runs: int, seed: int) -> Mapping[str, Any]:
    """The same people as registers tell of them: a tenth of the cells unknown, nothing declared."""
    from bench import engines, people
    from bench.measure import timed

    pack = engines.the_pack()
    kernel, table = engines.partly_known(pack, people.read(Path(folder)), seed)
    parameters = engines.exact_parameters(kernel)
    places = people.places(pack)
    found = kernel.run(table, places, parameters, threads=2)
    return {
        "kernel": timed(lambda: kernel.run(table, places, parameters, threads=2), runs),
        "rows": {b: int(r.shape[1]) for b, r in found.items()},
    }


def main(arguments: list[str]) -> int:
    from bench import city

    comparison = (prepare, prepare_few, compiling, rows, zhida, openfisca, same_results, unknowns)
    cities = (
        city.build_city,
        city.scan_city,
        city.kernel_city,
        city.floor_city,
        city.reform_city,
        city.explain,
    )
    phases: dict[str, Phase] = {p.__name__: p for p in (*comparison, *cities)}
    name, *pairs = arguments
    given = dict(p.split("=", 1) for p in pairs)
    values = {k: json.loads(v) if v[:1] in '0123456789[{"' else v for k, v in given.items()}
    print(json.dumps(phases[name](**values)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
