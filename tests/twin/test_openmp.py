"""LightGBM on a system that has no OpenMP: PyTorch's is taken."""

import subprocess
import sys

import pytest

ALONE = """
import ctypes
from pathlib import Path
from twin import openmp
(library,) = openmp._of_torch()
assert openmp._loaded(library) and not openmp._loaded("libgomp-that-nobody-has.so.1")
openmp.lightgbm()
mapped = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "/libgomp" in line}
print({path for path in mapped if "scikit_learn.libs" not in path} == {library})  # scikit-learn has one of another name
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the wheel needs another library")
def test_lightgbm_takes_the_library_that_pytorch_brings() -> None:
    pytest.importorskip("torch")
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "True", done.stderr
