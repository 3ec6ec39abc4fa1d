"""The parts of the speed benchmark; `workflows/benchmarks/speed.py` runs them."""
