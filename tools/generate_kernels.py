"""Write the kernels of the built-in families with their default links into the package.

python tools/generate_kernels.py            # write what changed, remove what is stale
python tools/generate_kernels.py --check    # only say whether anything would change
"""

from __future__ import annotations

import argparse
import sys

from likely.catalogue import family_class
from likely.compositions import COMPOSITIONS
from likely.families.registry import public_names
from likely.losses.kernels import compositions, softmax
from likely.losses.kernels.build import GENERATED, file_name
from likely.losses.kernels.emit import module_source
from likely.losses.kernels.run import single_outputs, source_of
from likely.trials import TRIALS


def expected_files() -> dict[str, str]:
    """File name → text of every kernel that should be committed."""
    files = {}
    for name in (*public_names(), *TRIALS):
        family = family_class(name)()
        loss = family.loss()
        if family.specification.vector is not None:
            loss = getattr(loss, "core", None)
            if loss is None:
                continue  # written by hand for all its columns at once
        jobs = [(0, "observed"), (1, "observed"), *((2, kind) for kind in loss.kernel_kinds)]
        for order, kind in jobs:
            title, kernel, source = source_of(loss, order, kind, loss.outputs(order, kind))
            files[file_name(title, kernel, source)] = source
        for kernel, outputs in single_outputs(loss).items():
            support = loss.specification.support
            source = module_source(title, kernel, outputs, loss.columns, support, single=True)
            files[file_name(title, kernel, source)] = source
    for family in COMPOSITIONS.values():
        loss = family(2).loss()  # their kernels do not depend on the number of parts
        for order in (0, 1):
            text = compositions.source(loss, order)
            files[file_name(loss.title, compositions.file_part(order), text)] = text
        for kind in loss.curvature_kinds:
            for formula in (loss.part(2), loss.row(2), loss.part(2, kind), loss.row(2, kind)):
                text = compositions.formula_source(formula)
                files[file_name(formula.title, formula.name, text)] = text
    for single in (False, True):
        text = softmax.source(single=single)
        files[file_name(softmax.TITLE, softmax.file_part(single), text)] = text
    return files


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if stale")
    check = parser.parse_args().check
    wanted = expected_files()
    present = {path.name: path for path in GENERATED.glob("*.py") if path.name != "__init__.py"}
    stale = [path for name, path in present.items() if name not in wanted]
    missing = {
        name: text
        for name, text in wanted.items()
        if name not in present or present[name].read_text(encoding="utf-8") != text
    }
    if not check:
        GENERATED.mkdir(exist_ok=True)
        for path in stale:
            path.unlink()
        for name, text in missing.items():
            (GENERATED / name).write_text(text, encoding="utf-8")
    for name in sorted(missing):
        print(f"{'would write' if check else 'wrote'} {name}")
    for path in stale:
        print(f"{'would remove' if check else 'removed'} {path.name}")
    return 1 if check and (missing or stale) else 0


if __name__ == "__main__":
    sys.exit(main())
