"""Lets the tests of the prover share their layouts."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
