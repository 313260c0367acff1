"""The examples that need no framework run, as a user would run them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__, "../../../examples").resolve()

#: By hand: 400 new, 600 cached and 200 written tokens of one model, 500 and 100 of another.
COSTS = """\
ten_001 llm_cached_tokens 0.000075
ten_001 llm_input_tokens 0.0005
ten_001 llm_output_tokens 0.002
ten_002 llm_input_tokens 0.0015
ten_002 llm_output_tokens 0.0015
total 0.005575 USD
"""


def test_calls_of_language_models_are_metered_and_priced() -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLES / "llm_usage.py"], capture_output=True, text=True, timeout=600, check=False
    )
    assert (done.returncode, done.stdout) == (0, COSTS), done.stderr
